import { decodeBackend } from "../encoding/decode-backend.ts";
import { decodeFrontend } from "../encoding/decode-frontend.ts";
import { decodeSelf } from "../encoding/self.ts";
import type { ClientClock, ClientLog, ResourceCodec, ResourceSink } from "./client-ports.ts";
import type { CredentialFiles } from "./credentials.ts";
import type { ClientNode } from "./delta-codec.ts";
import { DiscoveryClient } from "./discovery-client.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { SnapshotFile } from "./snapshot-file.ts";

export interface DiscoveryClientSettings extends CredentialFiles {
  readonly host: string;
  readonly port: number;
  /** Undefined: nothing is kept over restarts. */
  readonly snapshotFile: string | undefined;
  /** Who this is, for people who look at the controller. */
  readonly node: ClientNode;
}

export interface DiscoveryClientPorts {
  readonly clock: ClientClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: ClientLog;
  readonly sink: ResourceSink;
}

const codec: ResourceCodec = { frontend: decodeFrontend, backend: decodeBackend, self: decodeSelf };

/** A client of the controller at an address, with files for credentials and snapshot. */
export function createDiscoveryClient(
  settings: DiscoveryClientSettings,
  ports: DiscoveryClientPorts,
): DiscoveryClient {
  const { clock } = ports;
  const { snapshotFile } = settings;
  return new DiscoveryClient({
    ...ports,
    codec,
    transport: new GrpcTransport({ ...settings, clock }),
    snapshots: snapshotFile === undefined ? undefined : new SnapshotFile(snapshotFile),
  });
}
