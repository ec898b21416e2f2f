import { type Limit, PROXY_LIMITS, type ProxyLimits, valuesOf } from "../proxy/limits.ts";
import type { Problem, Result } from "../resources/result.ts";
import { byteSize } from "./byte-size.ts";
import type { CheckInput } from "./command.ts";
import { duration } from "./duration.ts";
import { type HostAndPort, hostAndPort } from "./host-and-port.ts";
import { optional, repeatable, type Setting, setting, toggle } from "./setting.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";
import { choice, integer, namespaceName, path, text } from "./value-type.ts";

const outboundListeners = [
  { host: "127.0.0.1", port: 15_101 },
  { host: "::1", port: 15_101 },
];

/** The addresses of the pod, for those who scrape it. */
const POD_METRICS: SocketAddress = { host: "", port: 15_102 };

/** Where the injector mounts them. */
const DEFAULT_FILES = {
  ca: "/var/run/secrets/eastbound.dev/ca/ca.crt",
  token: "/var/run/secrets/eastbound.dev/token/token",
  snapshot: "/var/run/eastbound/snapshot",
};

const name = /^[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,251}[a-zA-Z0-9])?$/;

/** The flags of `eastbound proxy`. */
export const proxyFlags = {
  manifests: optional(path("DIR"), {
    help: "Read Services, EndpointSlices and routes from the YAML files below DIR, again when they change",
  }),
  controller: optional(hostAndPort, {
    help: "Learn what the application dials from the controller at HOST, which may have several addresses",
  }),
  "controller-ca": optional(path("FILE"), {
    help: "The certificates that the controller's has to be signed by, as PEM; read again for each connection",
    shownFallback: DEFAULT_FILES.ca,
  }),
  "controller-token": optional(path("FILE"), {
    help: "The token that tells the controller which pod this is; read again for each connection",
    shownFallback: DEFAULT_FILES.token,
  }),
  snapshot: optional(path("FILE"), {
    help: "What was learned, kept for the next start",
    shownFallback: DEFAULT_FILES.snapshot,
  }),
  capture: optional(choice(["listen", "redirect"]), {
    help:
      "How connections come in: listen binds the address and ports of each Service (only with --manifests), redirect " +
      "takes what iptables redirects to --listen",
    shownFallback: "listen; with --controller redirect",
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
    shownFallback: "none; with --controller :15102",
  }),
  namespace: setting(namespaceName, "default", {
    help: "The namespace that the client is in: its consumer routes are in force (only with --manifests)",
  }),
  node: optional(text("NAME", name, "a node's name"), { help: "The node that the client runs on" }),
  zone: optional(text("ZONE", name, "a zone's name"), { help: "The zone that the client runs in" }),
  "strict-grants": toggle({
    help: "References across namespaces need a ReferenceGrant (only with --manifests)",
  }),
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

/** What every proxy is told. */
export interface ProxySettings {
  readonly capture: CaptureSettings;
  readonly admin: SocketAddress;
  readonly metrics: SocketAddress | undefined;
  readonly accessLog: "off" | "json";
  readonly drainTimeoutMs: number;
  readonly limits: ProxyLimits;
}

/** A proxy on a folder of manifests. */
export interface StandaloneSettings extends ProxySettings {
  readonly kind: "standalone";
  readonly manifests: string;
  /** Who the client is. */
  readonly client: { readonly namespace: string } & Place;
  readonly hasStrictGrants: boolean;
}

/** A proxy that a controller tells what it needs to know. */
export interface ControlledSettings extends ProxySettings {
  readonly kind: "controlled";
  readonly controller: HostAndPort;
  readonly files: { readonly ca: string; readonly token: string; readonly snapshot: string };
  /** Where the client runs, till the controller says so. */
  readonly place: Place;
}

export interface Place {
  readonly node: string | undefined;
  readonly zone: string | undefined;
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

const ONLY_STANDALONE = {
  namespace: "is for --manifests: the controller knows the namespace",
  "strict-grants": "is for --manifests: it is for the controller to say",
};

/** What the values of the flags say together, or what contradicts in them. */
export function checkProxySettings(input: ProxyInput): Result<StandaloneSettings | ControlledSettings> {
  const { manifests, controller } = input.flags;
  const problems = problemsOf(input);
  if (problems.length > 0) return { kind: "invalid", problems };
  const common = commonSettings(input);
  return controller === undefined
    ? { kind: "ok", value: standaloneSettings(input, common, manifests ?? "") }
    : { kind: "ok", value: controlledSettings(input, common, controller) };
}

function problemsOf({ flags, given }: ProxyInput): readonly Problem[] {
  const problems: Problem[] = [];
  const blame = (path: string, message: string): void => void problems.push({ path, message });
  const isControlled = given.has("controller");
  if (isControlled && given.has("manifests"))
    blame("--manifests", "can't be used together with --controller");
  else if (!isControlled && flags.manifests === undefined) {
    blame("--manifests", "is missing: it names the folder to read, or else --controller who to ask");
  }
  if (isControlled) {
    if (flags.capture === "listen") {
      blame("--capture", "can't be listen with --controller: it does not say which Services there are");
    }
    for (const [name, message] of Object.entries(ONLY_STANDALONE))
      if (given.has(name)) blame(`--${name}`, message);
  } else {
    if (given.has("listen") && flags.capture !== "redirect") blame("--listen", "needs --capture redirect");
    for (const name of ["controller-ca", "controller-token", "snapshot"])
      if (given.has(name)) blame(`--${name}`, "needs --controller");
  }
  return problems;
}

function commonSettings({ flags, file, given }: ProxyInput): ProxySettings {
  const isControlled = given.has("controller");
  return {
    capture:
      isControlled || flags.capture === "redirect"
        ? { kind: "redirect", listeners: flags.listen, isDefault: !given.has("listen") }
        : { kind: "listen" },
    admin: flags.admin,
    metrics: flags.metrics ?? (isControlled ? POD_METRICS : undefined),
    accessLog: flags["access-log"],
    drainTimeoutMs: flags["drain-timeout"],
    limits: valuesOf(({ key, fallback }) => file[key] ?? fallback),
  };
}

function standaloneSettings(
  { flags }: ProxyInput,
  common: ProxySettings,
  manifests: string,
): StandaloneSettings {
  return {
    kind: "standalone",
    ...common,
    manifests,
    client: { namespace: flags.namespace, node: flags.node, zone: flags.zone },
    hasStrictGrants: flags["strict-grants"],
  };
}

function controlledSettings(
  { flags }: ProxyInput,
  common: ProxySettings,
  controller: HostAndPort,
): ControlledSettings {
  return {
    kind: "controlled",
    ...common,
    controller,
    files: {
      ca: flags["controller-ca"] ?? DEFAULT_FILES.ca,
      token: flags["controller-token"] ?? DEFAULT_FILES.token,
      snapshot: flags.snapshot ?? DEFAULT_FILES.snapshot,
    },
    place: { node: flags.node, zone: flags.zone },
  };
}
