import { optional, setting, type ValuesOf } from "./setting.ts";
import { choice, path } from "./value-type.ts";

/** The flags that every command has. */
export const generalSettings = {
  "log-level": setting(choice(["error", "warn", "info", "debug"]), "info", {
    help: "The least that is logged",
  }),
  "log-format": optional(choice(["json", "text"]), {
    help: "How it is logged",
    shownFallback: "text on a terminal, else json",
  }),
  config: optional(path("FILE"), {
    help: "A YAML file of settings; flags and environment win over it",
  }),
};

export type LogSettings = {
  readonly level: ValuesOf<typeof generalSettings>["log-level"];
  readonly format: "json" | "text";
};

/** What the general flags say of logging. `isTerminal` tells of the stream that the log goes to. */
export function logSettingsOf(values: ValuesOf<typeof generalSettings>, isTerminal: boolean): LogSettings {
  return {
    level: values["log-level"],
    format: values["log-format"] ?? (isTerminal ? "text" : "json"),
  };
}
