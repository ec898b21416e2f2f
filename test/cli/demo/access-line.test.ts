import assert from "node:assert/strict";
import { parseAccessLine, parseObject } from "../../../src/cli/demo/access-line.ts";

const line = {
  time: "2026-01-01T00:00:00.000Z",
  service: "default/catalog:18001",
  route: "default/canary",
  rule: "split",
  backend: "default/catalog-v2:18012",
  endpoint: "127.0.0.1:18023",
  method: "GET",
  path: "/products",
  host: "catalog",
  status: 200,
  tries: 2,
  duration_ms: 0.5,
};
const answer = {
  backend: "catalog-v2",
  endpoint: "127.0.0.1:18023",
  rule: "canary/split",
  status: 200,
  failure: undefined,
  tries: 2,
  durationMs: 0.5,
};

describe("parseAccessLine", () => {
  const cases = [
    { name: "an answer of a pod", fields: line, answer },
    {
      name: "an answer of the sidecar for a backend",
      fields: { ...line, status: 504, failure: "timeout" },
      answer: { ...answer, backend: undefined, status: 504, failure: "timeout" },
    },
    {
      name: "an answer without a rule",
      fields: { service: line.service, status: 404, failure: "no_route" },
      answer: {
        backend: undefined,
        endpoint: undefined,
        rule: undefined,
        status: 404,
        failure: "no_route",
        tries: 0,
        durationMs: 0,
      },
    },
  ];
  for (const c of cases) {
    it(`reads ${c.name}`, () => {
      const parsed = parseAccessLine(JSON.stringify(c.fields));
      assert.deepEqual(parsed?.answer, c.answer);
      assert.equal(parsed?.service, "catalog:18001");
    });
  }

  for (const text of ["", "{", "null", "7", JSON.stringify({ ...line, status: undefined })]) {
    it(`makes nothing of ${JSON.stringify(text)}`, () => assert.equal(parseAccessLine(text), undefined));
  }
});

describe("parseObject", () => {
  it("gives the members", () => assert.deepEqual(parseObject('{"a":1}'), { a: 1 }));
});
