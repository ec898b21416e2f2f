import { configKey, variableName } from "../../src/cli/read-settings.ts";
import type { Settings } from "../../src/cli/setting.ts";
import { markdownCode, markdownTable } from "./document-section.ts";

/** The flags of a command as its document lists them. */
export function flagTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const value = setting.placeholder === undefined ? "" : ` ${setting.placeholder}`;
    const key = name === "config" ? "" : markdownCode(configKey(name));
    const help = setting.isRepeatable ? `${setting.help}; repeatable` : setting.help;
    return [
      markdownCode(`--${name}${value}`),
      markdownCode(variableName(name)),
      key,
      setting.shownFallback ?? "",
      help,
    ];
  });
  return markdownTable(["flag", "in the environment", "in the file", "default", "what it says"], rows);
}
