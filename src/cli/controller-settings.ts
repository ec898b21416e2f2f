import type { Result } from "../resources/result.ts";
import type { CheckInput } from "./command.ts";
import { duration } from "./duration.ts";
import { optional, type Settings, setting, toggle } from "./setting.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";
import { namespaceName, path, text } from "./value-type.ts";

const podName = text(
  "NAME",
  /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/,
  "a name of lower-case letters, digits, - and .",
);

/** The flags of `eastbound controller`. */
export const controllerFlags = {
  listen: setting(
    socketAddress,
    { host: "", port: 15_110 },
    { help: "Where sidecars get their configuration (gRPC over TLS)" },
  ),
  metrics: setting(
    socketAddress,
    { host: "", port: 15_102 },
    { help: "Where /metrics, /ready and /live are served" },
  ),
  admin: setting(
    socketAddress,
    { host: "127.0.0.1", port: 15_103 },
    { help: "Where /config and /sidecars are served, and the others too" },
  ),
  kubeconfig: optional(path("FILE"), {
    help: "How to reach the API server",
    shownFallback: "that of KUBECONFIG, else the pod's ServiceAccount, else ~/.kube/config",
  }),
  namespace: optional(namespaceName, {
    help: "The controller's own namespace: its Secret, Lease and Service are there",
    shownFallback: "the pod's own, else eastbound-system",
  }),
  identity: optional(podName, {
    help: "The name of this replica, in the Lease, the log and eastbound status",
    shownFallback: "the host's name",
  }),
  "strict-grants": toggle({ help: "References across namespaces need a ReferenceGrant" }),
  "drain-timeout": setting(duration({ min: 0, max: 3_600_000 }), 20_000, {
    help: "Over how long sidecars are sent to other replicas after SIGTERM",
  }),
};

/** What `eastbound controller` is told. */
export interface ControllerSettings {
  readonly listen: SocketAddress;
  readonly metrics: SocketAddress;
  readonly admin: SocketAddress;
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly identity: string | undefined;
  readonly hasStrictGrants: boolean;
  readonly drainTimeoutMs: number;
}

type ControllerInput = Pick<CheckInput<typeof controllerFlags, Settings>, "flags">;

export function checkControllerSettings({ flags }: ControllerInput): Result<ControllerSettings> {
  return {
    kind: "ok",
    value: {
      listen: flags.listen,
      metrics: flags.metrics,
      admin: flags.admin,
      kubeconfig: flags.kubeconfig,
      namespace: flags.namespace,
      identity: flags.identity,
      hasStrictGrants: flags["strict-grants"],
      drainTimeoutMs: flags["drain-timeout"],
    },
  };
}
