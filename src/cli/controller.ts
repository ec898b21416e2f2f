import { defineCommand } from "./command.ts";
import { checkControllerSettings, controllerFlags } from "./controller-settings.ts";

export const command = defineCommand({
  about:
    "Runs a replica of the control plane: watches the cluster's Services, endpoints and routes, tells sidecars what " +
    "they need of them, and, while it leads, writes the routes' status and keeps the certificates. SIGTERM sends the " +
    "sidecars to other replicas; a second one ends at once.",
  flags: controllerFlags,
  file: {},
  check: checkControllerSettings,
  run: async (settings, context) => {
    const { runProcess } = await import("./run-process.ts");
    const { ControllerProcess } = await import("./controller/controller-process.ts");
    const failure = "the controller can't run";
    return await runProcess(
      { failure, create: ({ logger }) => new ControllerProcess(settings, logger) },
      context,
    );
  },
});
