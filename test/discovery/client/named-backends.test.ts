import assert from "node:assert/strict";
import type { BackendTarget, BoundFilter, Frontend } from "../../../src/binding/frontend.ts";
import { namedBackends } from "../../../src/discovery/client/named-backends.ts";
import { frontendOf } from "../mesh-harness.ts";

const invalid: BackendTarget = { kind: "Invalid", reason: "BackendNotFound", message: "" };

function to(name: string): BackendTarget {
  return { kind: "Backend", name };
}

function mirror(target: BackendTarget): BoundFilter {
  return { kind: "RequestMirror", target, fraction: { numerator: 1, denominator: 2 } };
}

describe("the Backends that a Frontend names", () => {
  it("are its own Service's where it has no routes", () => {
    assert.deepEqual(namedBackends(frontendOf("10.96.0.1", "web")), ["shop/web:80"]);
  });

  it("are each once its own, its routes' and its mirrors'", () => {
    const cors: BoundFilter = { kind: "Unresolved", message: "" };
    const frontend: Frontend = {
      ...frontendOf("10.96.0.1", "web"),
      routes: {
        kind: "HTTPRoute",
        scope: { kind: "producer" },
        routes: [
          {
            namespace: "shop",
            name: "route",
            rules: [
              {
                index: 0,
                matches: [],
                filters: [mirror(to("a")), cors, mirror(invalid)],
                backends: [
                  { target: to("b"), weight: 1, filters: [mirror(to("c"))] },
                  { target: to("shop/web:80"), weight: 0, filters: [] },
                  { target: invalid, weight: 1, filters: [] },
                ],
                timeouts: {},
              },
            ],
          },
        ],
      },
    };
    assert.deepEqual(namedBackends(frontend), ["shop/web:80", "a", "b", "c"]);
  });
});
