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
    const { runProcess } = await import("./run-process.ts");
    const failure = "the proxy can't run";
    if (settings.kind === "standalone") {
      const { StandaloneProxy } = await import("./standalone-proxy.ts");
      return await runProcess(
        { failure, create: (output) => new StandaloneProxy(settings, output) },
        context,
      );
    }
    const { ControlledProxy } = await import("./controlled-proxy.ts");
    return await runProcess({ failure, create: (output) => new ControlledProxy(settings, output) }, context);
  },
});
