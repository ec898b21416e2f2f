import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

let taken = 0;

/**
 * An address of loopback that no other test listens on. Only Linux answers for all of 127.0.0.0/8; elsewhere tests
 * share 127.0.0.1.
 */
export function loopbackAddress(): string {
  taken++;
  return process.platform === "linux"
    ? `127.${(process.pid >> 8) & 127}.${process.pid & 255}.${taken}`
    : "127.0.0.1";
}

/** Ports of an address that nobody listens on, all different. */
export async function freePorts(address: string, count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, address));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
