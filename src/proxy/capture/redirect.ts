import type { Destination, Proxy } from "../proxy.ts";
import { type AcceptedSocket, acceptedFd, listenForWires, type WireListener } from "../wire.ts";

/** Asks the kernel where a redirected connection was going. */
export type ReadOriginalDestination = (
  fd: number,
  family: 4 | 6,
) =>
  | { readonly kind: "found"; readonly address: string; readonly port: number }
  | { readonly kind: "not-redirected" }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Captures behind a REDIRECT rule of iptables: all connections arrive at one listener, and the kernel tells where
 * they were going. A connection made to the listener itself was going nowhere else and is refused: passing it on
 * would lead back here.
 */
export async function startRedirectCapture(
  proxy: Proxy,
  listen: Destination,
  readOriginalDestination: ReadOriginalDestination,
): Promise<WireListener> {
  const listener = await listenForWires({ host: listen.address, port: listen.port }, (accepted) => {
    const own = { address: listen.address, port: listener.port };
    takeRedirected(proxy, accepted, own, readOriginalDestination);
  });
  return listener;
}

function takeRedirected(
  proxy: Proxy,
  accepted: AcceptedSocket,
  own: Destination,
  readOriginalDestination: ReadOriginalDestination,
): void {
  const original = readOriginalDestination(acceptedFd(accepted), own.address.includes(":") ? 6 : 4);
  if (original.kind !== "found" || isOwn(original, own)) proxy.refuse(accepted, "loop");
  else proxy.accept(accepted, original, true);
}

/** A listener on all addresses owns each of them. */
function isOwn({ address, port }: Destination, own: Destination): boolean {
  const isAnyAddress = own.address === "" || own.address === "0.0.0.0" || own.address === "::";
  return port === own.port && (isAnyAddress || address === own.address);
}
