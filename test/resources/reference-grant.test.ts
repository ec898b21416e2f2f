import assert from "node:assert/strict";
import { parseReferenceGrant } from "../../src/resources/reference-grant.ts";
import { problemsOf, valueOf } from "./parsing.ts";

const metadata = { name: "grant", namespace: "store" };

describe("parseReferenceGrant", () => {
  it("reads who may refer to what", () => {
    const parsed = valueOf(
      parseReferenceGrant({
        metadata,
        spec: {
          from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "web" }],
          to: [
            { group: "", kind: "Service" },
            { group: "", kind: "Service", name: "shop" },
          ],
        },
      }),
    );
    assert.equal(parsed.meta.namespace, "store");
    assert.deepEqual(parsed.from, [
      { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "web" },
    ]);
    assert.deepEqual(parsed.to, [
      { group: "", kind: "Service" },
      { group: "", kind: "Service", name: "shop" },
    ]);
  });

  const bad: readonly { name: string; object: unknown; problems: readonly string[] }[] = [
    { name: "no spec", object: { metadata }, problems: ["spec: is required"] },
    {
      name: "an empty spec",
      object: { metadata, spec: {} },
      problems: ["spec.from: is required", "spec.to: is required"],
    },
    {
      name: "empty lists, which would grant nothing",
      object: { metadata, spec: { from: [], to: [] } },
      problems: ["spec.from: must have at least 1 item", "spec.to: must have at least 1 item"],
    },
    {
      name: "entries that lack parts or have wrong ones",
      object: { metadata, spec: { from: [{}], to: [{ group: "A", kind: "b/c", name: "" }, 1] } },
      problems: [
        "spec.from[0].group: is required",
        "spec.from[0].kind: is required",
        "spec.from[0].namespace: is required",
        'spec.to[0].group: must be an API group (a lower-case DNS name, or empty), not "A"',
        'spec.to[0].kind: must be a kind (letters, digits, -), not "b/c"',
        "spec.to[0].name: must not be empty",
        "spec.to[1]: must be an object, not a number",
      ],
    },
  ];
  for (const { name, object, problems } of bad) {
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(parseReferenceGrant(object)), problems));
  }
});
