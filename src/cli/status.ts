import { type CommandContext, defineCommand, type ExitCode } from "./command.ts";
import { optional, repeatable, setting, toggle } from "./setting.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";
import { namespaceName, path } from "./value-type.ts";

export const statusFlags = {
  admin: repeatable(socketAddress, [], {
    help: "Ask the replicas at these admin addresses instead of those in the cluster",
  }),
  kubeconfig: optional(path("FILE"), {
    help: "How to reach the API server",
    shownFallback: "that of KUBECONFIG, else ~/.kube/config",
  }),
  namespace: setting(namespaceName, "eastbound-system", {
    help: "The controller's namespace",
  }),
  json: toggle({ help: "Print all of it as JSON" }),
};

interface StatusPlan {
  readonly admin: readonly SocketAddress[];
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  readonly isJson: boolean;
}

export const command = defineCommand({
  about:
    "Tells of each sidecar whether it has the configuration that is in force, or since when not and why. Asks every " +
    "replica of the controller. Exits with 1 if a sidecar is out of sync, or a replica does not answer, or there is none.",
  flags: statusFlags,
  file: {},
  check: ({ flags: { admin, kubeconfig, namespace, json } }) => ({
    kind: "ok",
    value: { admin, kubeconfig, namespace, isJson: json } satisfies StatusPlan,
  }),
  run: (plan, context) => report(plan, context),
});

async function report(plan: StatusPlan, context: CommandContext): Promise<ExitCode> {
  const { askAddresses, askPods } = await import("./status/ask-replicas.ts");
  const { isHealthy, meshStatus } = await import("./status/mesh-status.ts");
  const { plainStatus, renderStatus } = await import("./status/render-status.ts");
  const answers =
    plan.admin.length > 0 ? await askAddresses(plan.admin) : await askPods(plan.kubeconfig, plan.namespace);
  if (typeof answers === "string") {
    context.writeError(`eastbound: ${answers}\n`);
    return 1;
  }
  if (answers.length === 0) {
    context.writeError(
      `eastbound: no controller runs in namespace ${plan.namespace}; --namespace names another\n`,
    );
    return 1;
  }
  const status = meshStatus(answers);
  if (plan.isJson) context.writeOut(`${JSON.stringify(status, undefined, 2)}\n`);
  else if (context.isOutputTerminal) {
    const { hasColours, textStyle } = await import("./explain/text-style.ts");
    context.writeOut(renderStatus(status, textStyle(hasColours(context))));
  } else context.writeOut(plainStatus(status));
  return isHealthy(status) ? 0 : 1;
}
