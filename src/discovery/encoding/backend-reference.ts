import { type Field, report } from "../../resources/read/field.ts";
import { show, text } from "../../resources/read/scalar.ts";
import { parseBackendName } from "./backend-name.ts";

/** Reads the name of a Backend. */
export function backendReference(field: Field): string {
  const name = text()(field);
  if (parseBackendName(name) === undefined)
    report(field, `must be namespace/service:port, not ${show(name)}`);
  return name;
}
