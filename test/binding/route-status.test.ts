import assert from "node:assert/strict";
import { isProblem } from "../../src/binding/route-status.ts";

describe("isProblem", () => {
  const cases = [
    { type: "Accepted", status: "True", is: false },
    { type: "Accepted", status: "False", is: true },
    { type: "ResolvedRefs", status: "True", is: false },
    { type: "ResolvedRefs", status: "False", is: true },
    { type: "PartiallyInvalid", status: "True", is: true },
    { type: "PartiallyInvalid", status: "False", is: false },
  ] as const;
  for (const c of cases) it(`is ${c.is} of ${c.type} ${c.status}`, () => assert.equal(isProblem(c), c.is));
});
