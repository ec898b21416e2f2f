import { keepYoungGenerationSmall } from "../platform/young-generation.ts";
import { defineCommand } from "./command.ts";
import { checkProxySettings, proxyFileSettings, proxyFlags } from "./proxy-settings.ts";

export const command = defineCommand({
  about:
    "Runs the sidecar: takes connections to Services, routes what they carry by the HTTPRoutes bound to them, and " +
    "forwards it to ready endpoints. SIGTERM drains; a second one ends at once.",
  flags: proxyFlags,
  file: proxyFileSettings,
  check: checkProxySettings,
  run: async (settings, context) => {
    keepYoungGenerationSmall();
    const { runStandalone } = await import("./standalone.ts");
    return await runStandalone(settings, context);
  },
});
