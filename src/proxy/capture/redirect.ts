import type { Destination } from "../configuration.ts";
import type { ProxyLog } from "../ports.ts";
import type { Proxy } from "../proxy.ts";
import { type AcceptedSocket, acceptedFd, listenForWires, type WireListener } from "../wire.ts";

/** Asks the kernel where a redirected connection was going. */
export type ReadOriginalDestination = (
  fd: number,
  family: 4 | 6,
) =>
  | { readonly kind: "found"; readonly address: string; readonly port: number }
  | { readonly kind: "not-redirected" }
  | { readonly kind: "failed"; readonly message: string };

export interface RedirectOptions {
  readonly listen: Destination;
  readonly readOriginalDestination: ReadOriginalDestination;
  /** Told of connections whose destination the kernel did not say; it has to bound how often it writes that. */
  readonly log: Pick<ProxyLog, "error">;
}

/**
 * Captures behind a REDIRECT rule of iptables: all connections arrive at one listener, and the kernel tells where
 * they were going. A connection made to the listener itself was going nowhere else and is refused: passing it on
 * would lead back here.
 * @throws the errno exception of `listen`
 */
export async function startRedirectCapture(proxy: Proxy, options: RedirectOptions): Promise<WireListener> {
  const { address, port } = options.listen;
  const listener = await listenForWires(
    { host: address, port },
    (accepted) => takeRedirected(proxy, accepted, { address, port: listener.port }, options),
    (error) => proxy.reportDefect(error),
  );
  return listener;
}

function takeRedirected(
  proxy: Proxy,
  accepted: AcceptedSocket,
  own: Destination,
  { readOriginalDestination, log }: RedirectOptions,
): void {
  const original = readOriginalDestination(acceptedFd(accepted), familyOf(accepted, own));
  switch (original.kind) {
    case "found":
      if (original.port === own.port && isLocalAddress(accepted, original.address))
        proxy.refuse(accepted, "loop");
      else proxy.accept(accepted, original, true);
      return;
    case "not-redirected":
      proxy.refuse(accepted, "loop");
      return;
    case "failed":
      log.error("the destination of a connection can't be told", { error: original.message });
      proxy.refuse(accepted, "unreadable_destination");
  }
}

/** Only a listener for both families has to look: its IPv4 clients have mapped addresses, `::ffff:10.0.0.1`. */
function familyOf({ socket }: AcceptedSocket, own: Destination): 4 | 6 {
  if (own.address !== "") return own.address.includes(":") ? 6 : 4;
  return socket.remoteAddress?.includes(".") === true ? 4 : 6;
}

/** Redirecting changes where a connection arrives, so that this is true only of one that was not redirected. */
function isLocalAddress({ socket }: AcceptedSocket, address: string): boolean {
  return socket.localAddress?.replace(/^::ffff:(?=.*\.)/, "") === address;
}
