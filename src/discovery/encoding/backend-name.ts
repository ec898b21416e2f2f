import type { Backend } from "../../binding/backend.ts";
import { dnsLabel } from "../../resources/read/names.ts";

const NAME = /^([^/:]{1,63})\/([^/:]{1,63}):([1-9]\d{0,4})$/;

/** The parts of `namespace/service:port`; undefined for every other text. */
export function parseBackendName(name: string): Pick<Backend, "namespace" | "service" | "port"> | undefined {
  const [, namespace = "", service = "", digits = ""] = NAME.exec(name) ?? [];
  const port = Number(digits);
  const isName = isLabel(namespace) && isLabel(service) && port <= 65_535;
  return isName ? { namespace, service, port } : undefined;
}

function isLabel(text: string): boolean {
  return dnsLabel.pattern?.test(text) === true;
}
