import { type Field, isAbsent, type Read } from "./field.ts";
import { dnsLabel } from "./names.ts";
import { integer, oneOf, text, withDefault } from "./scalar.ts";

export const portNumber: Read<number> = integer(1, 65_535);

export const portProtocol: Read<"TCP" | "UDP" | "SCTP"> = withDefault(oneOf(["TCP", "UDP", "SCTP"]), "TCP");

/** The name of a Service's or slice's port. The API writes a port without one as an empty name, too. */
export function portName(field: Field): string {
  return isAbsent(field) || field.value === "" ? "" : text(dnsLabel)(field);
}
