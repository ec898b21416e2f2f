import type { Frontend } from "../../binding/frontend.ts";
import { parseIpAddress } from "../../resources/ip-address.ts";

/** What the name of a Frontend, `IP:port` with IPv6 in brackets, says; undefined for every other text. */
export function parseFrontendName(name: string): Pick<Frontend, "address" | "port"> | undefined {
  const [, ipv6, ipv4, digits = ""] = NAME.exec(name) ?? [];
  const parsed = parseIpAddress(ipv6 ?? ipv4 ?? "");
  const port = Number(digits);
  if (parsed === undefined || port < 1 || port > 65_535) return undefined;
  // Another way of writing an address would be another name for the same thing.
  const isCanonical = parsed.address === (ipv6 ?? ipv4) && (parsed.family === 6) === (ipv6 !== undefined);
  return isCanonical ? { address: parsed.address, port } : undefined;
}

const NAME = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15})):([1-9]\d{0,4})$/;

/** The name of the Backend that a Service's port is by itself. */
export function ownBackend(service: Frontend["service"], port: number): string {
  return `${service.namespace}/${service.name}:${port}`;
}
