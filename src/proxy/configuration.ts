import type { Locality } from "../balancing/candidates.ts";
import type { Backend } from "../binding/backend.ts";
import type { Frontend } from "../binding/frontend.ts";

/** What is to be in force, whole. */
export interface ProxyConfiguration {
  /** By name. A frontend whose version did not change is not compiled again. */
  readonly frontends: ReadonlyMap<string, VersionedFrontend>;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly locality: Locality;
}

export interface VersionedFrontend {
  readonly frontend: Frontend;
  /** Equal for equal content. */
  readonly version: string;
}

/** An IP address and port that a client dialled. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** `IP:port`, IPv6 in brackets: the name of the Frontend at that place, if there is one. */
export function destinationName({ address, port }: Destination): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
