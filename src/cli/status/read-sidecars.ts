import type {
  RefusalReport,
  SidecarReport,
  SidecarsReport,
  TypeReport,
} from "../../controller/sidecar-report.ts";
import { defined, get, listOf, object, requiredListOf } from "../../resources/read/collection.ts";
import { type Field, parseWith } from "../../resources/read/field.ts";
import { integer, oneOf, optional, text } from "../../resources/read/scalar.ts";
import type { Result } from "../../resources/result.ts";

/** Reads what `GET /sidecars` of a controller answered; one of a newer version may say more. */
export function readSidecars(body: string): Result<SidecarsReport> {
  try {
    return parseWith(JSON.parse(body), (field: Field) => {
      const at = object(field);
      return {
        controller: get(at, "controller", text()),
        sidecars: get(at, "sidecars", requiredListOf(readSidecar)),
      };
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "invalid", problems: [{ path: "", message: "is no JSON" }] };
  }
}

const ageMs = integer(0, Number.MAX_SAFE_INTEGER);

function readSidecar(field: Field): SidecarReport {
  const at = object(field);
  const client = get(at, "client", object);
  return {
    namespace: get(at, "namespace", text()),
    pod: get(at, "pod", text()),
    ...defined({ node: get(at, "node", optional(text())) }),
    serviceAccount: get(at, "serviceAccount", text()),
    client: { id: get(client, "id", text()), version: get(client, "version", text()) },
    connectedForMs: get(at, "connectedForMs", ageMs),
    types: get(at, "types", requiredListOf(readType)),
  };
}

function readType(field: Field): TypeReport {
  const at = object(field);
  return {
    type: get(at, "type", oneOf(["Self", "Backend", "Frontend"])),
    state: get(at, "state", oneOf(["in-sync", "behind", "refused"])),
    resources: get(at, "resources", integer(0, Number.MAX_SAFE_INTEGER)),
    ...defined({
      forMs: get(at, "forMs", optional(ageMs)),
      lastRefusal: get(at, "lastRefusal", optional(readRefusal)),
    }),
  };
}

function readRefusal(field: Field): RefusalReport {
  const at = object(field);
  return {
    reason: get(at, "reason", text()),
    ageMs: get(at, "ageMs", ageMs),
    names: get(at, "names", listOf(text())),
  };
}
