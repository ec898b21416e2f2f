import assert from "node:assert/strict";
import { configurationProblems } from "../../../src/cli/demo/configuration-problems.ts";

describe("configurationProblems", () => {
  it("has a line for each thing that is not in force as written", () => {
    const parent = {
      parentRef: { name: "cart" },
      conditions: [
        { type: "Accepted", status: "True", message: "fine" },
        { type: "ResolvedRefs", status: "False", message: "No Service default/none." },
        { type: "PartiallyInvalid", status: "True", message: "Dropped rule 1." },
      ],
    };
    const config = {
      sources: [
        {
          errors: [
            { file: "a.yaml", message: "is no YAML" },
            { file: "b.yaml", object: "HTTPRoute default/b", path: "spec.rules", message: "must be a list" },
          ],
        },
      ],
      listenErrors: [{ message: "127.0.0.1:1 can't be bound" }],
      problems: [{ object: "Service default/s", message: "odd" }],
      routes: [{ kind: "HTTPRoute", namespace: "default", name: "r", parents: [parent, parent] }],
    };
    assert.deepEqual(configurationProblems(config), [
      "a.yaml: is no YAML",
      "b.yaml HTTPRoute default/b spec.rules: must be a list",
      "127.0.0.1:1 can't be bound",
      "Service default/s: odd",
      "HTTPRoute r ResolvedRefs: No Service default/none.",
      "HTTPRoute r PartiallyInvalid: Dropped rule 1.",
    ]);
  });
});
