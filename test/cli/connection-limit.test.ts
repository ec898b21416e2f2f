import assert from "node:assert/strict";
import { connectionsWithin } from "../../src/cli/connection-limit.ts";

describe("the connections that a limit on open files allows", () => {
  const cases = [
    { openFiles: 1, connections: 1 },
    { openFiles: 64, connections: 8 },
    { openFiles: 1_024, connections: 368 },
    { openFiles: 20_480, connections: 10_080 },
  ];
  for (const { openFiles, connections } of cases) {
    it(`are ${connections} within ${openFiles}`, () =>
      assert.equal(connectionsWithin(openFiles), connections));
  }
});
