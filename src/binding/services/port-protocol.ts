import type { ServicePort } from "../../resources/service.ts";
import type { BackendProtocol } from "../backend.ts";

/** What a Service port says of itself, and in which field. */
export interface PortProtocol {
  readonly protocol: BackendProtocol;
  readonly source: "appProtocol" | "name" | "nothing";
  /** The word that declares it, as written; empty where nothing does. */
  readonly declared: string;
}

/** KEP-3726's names and the plain ones in use; compared in lower case. Any other value is declared and not HTTP. */
const APP_PROTOCOLS: ReadonlyMap<string, BackendProtocol> = new Map([
  ["http", "http"],
  ["http/1.1", "http"],
  ["http1", "http"],
  ["grpc-web", "http"],
  ["ws", "websocket"],
  ["websocket", "websocket"],
  ["kubernetes.io/ws", "websocket"],
  ["http2", "http2"],
  ["http/2", "http2"],
  ["h2c", "http2"],
  ["grpc", "http2"],
  ["kubernetes.io/h2c", "http2"],
  ["https", "tls"],
  ["tls", "tls"],
  ["wss", "tls"],
  ["kubernetes.io/wss", "tls"],
]);

/**
 * Istio's prefixes (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/), and
 * protocols whose server speaks first: looking at their first bytes would delay each connection. Other protocols are
 * left out on purpose, because `kafka-ui` speaks HTTP.
 */
const NAME_PREFIXES: ReadonlyMap<string, BackendProtocol> = new Map([
  ["http", "http"],
  ["http2", "http2"],
  ["grpc", "http2"],
  ["https", "tls"],
  ["tls", "tls"],
  ["tcp", "other"],
  ["udp", "other"],
  ["mongo", "other"],
  ["mysql", "other"],
  ["redis", "other"],
  ["ftp", "other"],
  ["imap", "other"],
  ["nats", "other"],
  ["pop3", "other"],
  ["smtp", "other"],
  ["ssh", "other"],
]);

/** appProtocol counts before the name; of the name, what stands before the first `-`. */
export function classifyPort(port: ServicePort): PortProtocol {
  if (port.appProtocol) {
    const protocol = APP_PROTOCOLS.get(port.appProtocol.toLowerCase()) ?? "other";
    return { protocol, source: "appProtocol", declared: port.appProtocol };
  }
  const name = port.name.toLowerCase();
  if (name === "grpc-web" || name.startsWith("grpc-web-")) {
    return { protocol: "http", source: "name", declared: "grpc-web" };
  }
  const [prefix = ""] = name.split("-", 1);
  const protocol = NAME_PREFIXES.get(prefix);
  return protocol === undefined
    ? { protocol: "undeclared", source: "nothing", declared: "" }
    : { protocol, source: "name", declared: prefix };
}
