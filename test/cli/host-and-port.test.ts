import assert from "node:assert/strict";
import { hostAndPort } from "../../src/cli/host-and-port.ts";

describe("a host and port", () => {
  const cases = [
    { text: "controller:15110", is: { host: "controller", port: 15_110 } },
    { text: "a.b-c.svc.cluster.local:1", is: { host: "a.b-c.svc.cluster.local", port: 1 } },
    { text: "Fully.Qualified.:65535", is: { host: "Fully.Qualified.", port: 65_535 } },
    { text: "10.0.0.1:80", is: { host: "10.0.0.1", port: 80 } },
    { text: "[fd00::1]:80", is: { host: "fd00::1", port: 80 } },
  ];
  for (const { text, is } of cases) {
    it(`is ${text}`, () => {
      assert.deepEqual(hostAndPort.parse(text), { kind: "ok", value: is });
      assert.equal(hostAndPort.show(is), text);
    });
  }

  const wrong = [
    "",
    ":80",
    "a",
    "a:",
    "a:0",
    "a:65536",
    "a:123456",
    "a:b",
    "10.0.0:80",
    "10.0.0.256:80",
    "fd00::1:80",
    "[a]:80",
    "[]:80",
    "-a:80",
    "a..b:80",
    ".:80",
    "a b:80",
    `${"a".repeat(64)}:80`,
    `${"a.".repeat(127)}:80`,
    "https://a:80",
  ];
  for (const text of wrong) {
    it(`is not ${text.slice(0, 70)}`, () => {
      assert.deepEqual(hostAndPort.parse(text), {
        kind: "invalid",
        message: `must be a host and port as controller:15110 or [::1]:15110, not ${JSON.stringify(text)}`,
      });
    });
  }
});
