import { readFileSync } from "node:fs";
import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import type {
  DiscoveryStream,
  DiscoveryTransport,
  StreamListener,
} from "../../../src/discovery/client/client-ports.ts";
import {
  decodeDeltaResponse,
  encodeDeltaRequest,
} from "../../../src/discovery/client/transport/delta-codec.ts";
import { DELTA_METHOD } from "../../../src/discovery/resource-types.ts";

/** What the sidecar's transport would be on @grpc/grpc-js, to compare memory with. */
export function grpcJsTransport(options: {
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  readonly tokenFile: string;
}): DiscoveryTransport {
  return {
    resolve: () => Promise.resolve(["127.0.0.1"]),
    open: (address, listener) => open(address, listener, options),
  };
}

function open(
  address: string,
  listener: StreamListener,
  { host, port, caFile, tokenFile }: Parameters<typeof grpcJsTransport>[0],
): DiscoveryStream {
  const client = new Client(`${address}:${port}`, ChannelCredentials.createSsl(readFileSync(caFile)), {
    "grpc.ssl_target_name_override": host,
    "grpc.default_authority": host,
    "grpc.enable_channelz": 0,
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(tokenFile, "utf8").trim()}`);
  const call = client.makeBidiStreamRequest(
    DELTA_METHOD,
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    metadata,
  );
  call.on("metadata", () => listener.onOpen());
  call.on("data", (bytes: Buffer) => {
    const response = decodeDeltaResponse(bytes);
    if (response !== undefined) listener.onResponse(response);
  });
  call.on("error", (error: Error) => listener.onEnd({ kind: "failed", message: error.message }));
  return {
    send: (request) => call.write(Buffer.from(encodeDeltaRequest(request, undefined))),
    close: () => client.close(),
  };
}
