import { once } from "node:events";
import { duplexPair } from "node:stream";
import { connect, createSecureContext, TLSSocket } from "node:tls";

export interface HandshakeOptions {
  readonly chain: string;
  readonly key: string;
  /** What the client believes. */
  readonly bundle: string;
  readonly name: string;
}

/** "ok", or why the client refused the server; by Node's own TLS at the present time. */
export async function handshake({ chain, key, bundle, name }: HandshakeOptions): Promise<string> {
  const [near, far] = duplexPair();
  const server = new TLSSocket(far, {
    isServer: true,
    secureContext: createSecureContext({ cert: chain, key }),
  });
  server.on("error", () => undefined);
  const client = connect({ socket: near, ca: bundle, servername: name });
  try {
    await once(client, "secureConnect");
    return "ok";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    client.destroy();
    server.destroy();
  }
}
