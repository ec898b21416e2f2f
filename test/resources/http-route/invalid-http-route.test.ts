import assert from "node:assert/strict";
import { readInvalidHttpRoute } from "../../../src/resources/http-route/invalid-http-route.ts";
import { routeInput } from "./route-input.ts";

const problems = [{ path: "spec.rules", message: "must be a list, not a number" }];

const read = (input: unknown) => readInvalidHttpRoute(input, problems);

describe("readInvalidHttpRoute", () => {
  it("keeps the name, the problems, and the parentRefs that can be read", () => {
    const good = { group: "", kind: "Service", name: "shop", port: 80 };
    const parentRefs = [{ name: 7 }, good, "shop", { ...good, port: 70_000 }, { name: "gateway" }];
    const route = read(routeInput({ parentRefs, rules: 7 }));
    assert.equal(route?.kind, "InvalidHTTPRoute");
    assert.equal(route.meta.namespace, "store");
    assert.equal(route.meta.name, "route");
    assert.deepEqual(route.parentRefs, [good, { name: "gateway" }]);
    assert.equal(route.problems, problems);
  });

  const without: readonly { readonly name: string; readonly input: unknown }[] = [
    { name: "no spec", input: { metadata: { name: "route" } } },
    { name: "a spec that is no object", input: routeInput(7) },
    { name: "no parentRefs", input: routeInput({}) },
    { name: "parentRefs that are no list", input: routeInput({ parentRefs: {} }) },
  ];
  for (const { name, input } of without) {
    it(`reads no parentRefs of a route with ${name}`, () => {
      assert.deepEqual(read(input)?.parentRefs, []);
    });
  }

  it("reads as many parentRefs as the API allows", () => {
    const parentRefs = Array.from({ length: 40 }, (_, index) => ({ name: `a-${index}` }));
    assert.equal(read(routeInput({ parentRefs }))?.parentRefs.length, 32);
  });

  it("is nothing without a name", () => {
    for (const input of [7, {}, { metadata: {} }, { metadata: { name: "A" } }])
      assert.equal(read(input), undefined);
  });
});
