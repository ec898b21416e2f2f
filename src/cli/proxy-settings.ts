import { type Limit, PROXY_LIMITS, type ProxyLimits, valuesOf } from "../proxy/limits.ts";
import type { Problem, Result } from "../resources/result.ts";
import { byteSize } from "./byte-size.ts";
import type { CheckInput } from "./command.ts";
import { duration } from "./duration.ts";
import { optional, repeatable, type Setting, setting, toggle } from "./setting.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";
import { choice, integer, path, text } from "./value-type.ts";

const outboundListeners = [
  { host: "127.0.0.1", port: 15_101 },
  { host: "::1", port: 15_101 },
];

const name = /^[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,251}[a-zA-Z0-9])?$/;

/** The flags of `eastbound proxy`. */
export const proxyFlags = {
  manifests: optional(path("DIR"), {
    help: "Read Services, EndpointSlices and routes from the YAML files below DIR, again when they change",
  }),
  controller: optional(text("HOST:PORT", /./, "an address"), {
    help: "Get them from a controller; not available in this version",
  }),
  capture: setting(choice(["listen", "redirect"]), "listen", {
    help:
      "How connections come in: listen binds the address and ports of each Service, redirect takes what iptables " +
      "redirects to --listen",
  }),
  listen: repeatable(socketAddress, outboundListeners, {
    help: "Where redirected connections arrive; only with --capture redirect",
  }),
  admin: setting(
    socketAddress,
    { host: "127.0.0.1", port: 15_103 },
    { help: "Where /config, /explain, /drain, /metrics, /ready and /live are served" },
  ),
  metrics: optional(socketAddress, {
    help: "Where /metrics, /ready and /live are served besides",
    shownFallback: "none",
  }),
  namespace: setting(text("NS", /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a DNS label"), "default", {
    help: "The namespace that the client is in: its consumer routes are in force",
  }),
  node: optional(text("NAME", name, "a node's name"), { help: "The node that the client runs on" }),
  zone: optional(text("ZONE", name, "a zone's name"), { help: "The zone that the client runs in" }),
  "strict-grants": toggle({ help: "References across namespaces need a ReferenceGrant" }),
  "access-log": setting(choice(["off", "json"]), "off", { help: "Print a line for each request" }),
  "drain-timeout": setting(duration({ min: 0, max: 3_600_000 }), 25_000, {
    help: "How long requests and connections may go on after SIGTERM",
  }),
};

/** The limits and timeouts of `eastbound proxy` by their keys in the configuration file. */
export const proxyFileSettings: Readonly<Record<string, Setting<number>>> = Object.fromEntries(
  Object.values(PROXY_LIMITS).map((limit) => [limit.key, settingOf(limit)]),
);

function settingOf(limit: Limit): Setting<number> {
  const type = { bytes: byteSize, count: integer, percent: integer, ms: duration }[limit.unit](limit);
  return setting(type, limit.fallback, { help: limit.help });
}

/** What `eastbound proxy` is told. */
export interface ProxySettings {
  readonly manifests: string;
  readonly capture: CaptureSettings;
  readonly admin: SocketAddress;
  readonly metrics: SocketAddress | undefined;
  /** Who the client is. */
  readonly client: {
    readonly namespace: string;
    readonly node: string | undefined;
    readonly zone: string | undefined;
  };
  readonly hasStrictGrants: boolean;
  readonly accessLog: "off" | "json";
  readonly drainTimeoutMs: number;
  readonly limits: ProxyLimits;
}

export type CaptureSettings =
  | { readonly kind: "listen" }
  | {
      readonly kind: "redirect";
      readonly listeners: readonly SocketAddress[];
      /** They are the built-in ones: one that this machine can't have is done without. */
      readonly isDefault: boolean;
    };

type ProxyInput = CheckInput<typeof proxyFlags, typeof proxyFileSettings>;

/** What the values of the flags say together, or what contradicts in them. */
export function checkProxySettings({ flags, file, given }: ProxyInput): Result<ProxySettings> {
  const problems: Problem[] = [];
  const blame = (path: string, message: string): void => void problems.push({ path, message });
  const { manifests, capture, listen } = flags;
  if (given.has("controller")) blame("--controller", "is not available in this version; use --manifests DIR");
  else if (manifests === undefined) blame("--manifests", "is missing: it names the folder to read");
  if (capture === "listen" && given.has("listen")) blame("--listen", "needs --capture redirect");
  if (problems.length > 0 || manifests === undefined) return { kind: "invalid", problems };
  return {
    kind: "ok",
    value: {
      manifests,
      capture:
        capture === "listen"
          ? { kind: "listen" }
          : { kind: "redirect", listeners: listen, isDefault: !given.has("listen") },
      admin: flags.admin,
      metrics: flags.metrics,
      client: { namespace: flags.namespace, node: flags.node, zone: flags.zone },
      hasStrictGrants: flags["strict-grants"],
      accessLog: flags["access-log"],
      drainTimeoutMs: flags["drain-timeout"],
      limits: valuesOf(({ key, fallback }) => file[key] ?? fallback),
    },
  };
}
