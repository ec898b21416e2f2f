import assert from "node:assert/strict";
import { readSidecars } from "../../../src/cli/status/read-sidecars.ts";
import { problemsOf, valueOf } from "../../resources/parsing.ts";
import { refused, sidecar } from "./reports.ts";

describe("readSidecars", () => {
  it("reads what a controller writes, and passes over what it does not know", () => {
    const { node: _, ...nowhere } = sidecar();
    const report = { controller: "a", sidecars: [sidecar({ types: [refused] }), nowhere] };
    assert.deepEqual(valueOf(readSidecars(JSON.stringify(report))), report);
    assert.deepEqual(valueOf(readSidecars(JSON.stringify({ ...report, more: 1 }))), report);
  });

  it("tells what something else is not", () => {
    assert.deepEqual(problemsOf(readSidecars("<html>")), [": is no JSON"]);
    assert.deepEqual(problemsOf(readSidecars('{"controller":"a","sidecars":[{"pod":7}]}')).slice(0, 2), [
      "sidecars[0].client: is required",
      "sidecars[0].namespace: is required",
    ]);
  });
});
