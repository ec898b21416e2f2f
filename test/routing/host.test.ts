import assert from "node:assert/strict";
import { hostWithoutPort, isHost } from "../../src/routing/host.ts";

describe("hostWithoutPort", () => {
  const cases: readonly { host: string; expected: string | undefined }[] = [
    { host: "echo", expected: "echo" },
    { host: "echo.ns.svc:8080", expected: "echo.ns.svc" },
    { host: "echo:", expected: "echo" },
    { host: "10.0.0.1:80", expected: "10.0.0.1" },
    { host: "[::1]", expected: "[::1]" },
    { host: "[fd00::a]:80", expected: "[fd00::a]" },
    { host: "a_b~c%20", expected: "a_b~c%20" },
    { host: "", expected: undefined },
    { host: ":80", expected: undefined },
    { host: "::1", expected: undefined },
    { host: "a/b", expected: undefined },
    { host: "user@a", expected: undefined },
    { host: "a?b", expected: undefined },
    { host: "a#b", expected: undefined },
    { host: "a\\b", expected: undefined },
    { host: "a b", expected: undefined },
    { host: "a\r\nb", expected: undefined },
    { host: "a\n", expected: undefined },
    { host: "[::1", expected: undefined },
    { host: "a:x", expected: undefined },
  ];
  for (const c of cases) {
    it(`${JSON.stringify(c.host)} → ${c.expected}`, () => {
      assert.equal(hostWithoutPort(c.host), c.expected);
      assert.equal(isHost(c.host), c.expected !== undefined);
    });
  }
});
