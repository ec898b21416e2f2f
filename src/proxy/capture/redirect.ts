import type { Destination, Proxy } from "../proxy.ts";
import { type AcceptedSocket, listenForWires, type WireListener, wireFd } from "../wire.ts";

/** Where a redirected connection was going; undefined if the kernel knows of no redirection. */
export type OriginalDestination = (fd: number, family: 4 | 6) => Destination | undefined;

/**
 * Captures behind a REDIRECT rule of iptables: all connections arrive at one listener, and the kernel tells where
 * they were going. A connection made to the listener itself has no other destination and is refused: passing it
 * through would lead back here.
 */
export async function startRedirectCapture(
  proxy: Proxy,
  listen: Destination,
  originalDestination: OriginalDestination,
): Promise<WireListener> {
  const listener = await listenForWires({ host: listen.address, port: listen.port }, (accepted) => {
    takeRedirected(proxy, accepted, { address: listen.address, port: listener.port }, originalDestination);
  });
  return listener;
}

function takeRedirected(
  proxy: Proxy,
  accepted: AcceptedSocket,
  own: Destination,
  originalDestination: OriginalDestination,
): void {
  const family = own.address.includes(":") ? 6 : 4;
  const destination = originalDestination(wireFd(accepted), family);
  const isDirect =
    destination === undefined ||
    (destination.port === own.port && isOwnAddress(destination.address, own.address));
  if (isDirect) proxy.refuse(accepted, "loop");
  else proxy.accept(accepted, destination, true);
}

/** A listener on all addresses owns each of them. */
function isOwnAddress(address: string, own: string): boolean {
  return address === own || own === "0.0.0.0" || own === "::";
}
