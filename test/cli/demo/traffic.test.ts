import assert from "node:assert/strict";
import type { AccessLine } from "../../../src/cli/demo/access-line.ts";
import { pods } from "../../../src/cli/demo/shop.ts";
import { Traffic } from "../../../src/cli/demo/traffic.ts";

const line: AccessLine = {
  method: "GET",
  path: "/img/logo.svg",
  host: "images",
  service: "images:18004",
  answer: {
    backend: "images",
    endpoint: "127.0.0.1:18027",
    rule: "short/img",
    status: 200,
    failure: undefined,
    tries: 1,
    durationMs: 1,
  },
};

function traffic() {
  const all = new Traffic(18_000, () => 0);
  const images = () => all.examples().find(({ request }) => request.path === line.path);
  return { all, images };
}

describe("Traffic", () => {
  it("files the demo's own requests under their example, and says nothing of them", () => {
    const { all, images } = traffic();
    assert.equal(all.answered(line), undefined);
    assert.equal(images()?.observation?.rule, "short/img");
  });

  const others = [
    { name: "of a user", line: { ...line, host: "127.0.0.1:18004" }, isCounted: true },
    { name: "of another method", line: { ...line, method: "POST", host: "x" }, isCounted: false },
    { name: "for another Service", line: { ...line, service: "other:18005" }, isCounted: false },
  ];
  for (const other of others) {
    it(`tells of a request ${other.name}`, () => {
      const { all, images } = traffic();
      const { method, host } = other.line;
      assert.equal(
        all.answered(other.line),
        `You: ${method} ${host}/img/logo.svg got 200 from images (short/img)`,
      );
      assert.equal(images()?.observation !== undefined, other.isCounted);
    });
  }

  it("says why the sidecar answered itself", () => {
    const { all } = traffic();
    const answer = { ...line.answer, backend: undefined, rule: undefined, status: 404, failure: "no_route" };
    assert.match(
      all.answered({ ...line, host: "x", answer }) ?? "",
      /got 404 from the sidecar \(no_route\)$/,
    );
  });

  it("knows what the pod saw where it was rewritten, and where redirects point", () => {
    const { all, images } = traffic();
    const pod = pods.find(({ name }) => name === "images-a");
    assert.ok(pod !== undefined);
    all.arrived({ pod, example: line.path, path: line.path });
    assert.equal(images()?.rewrittenPath, undefined);
    all.arrived({ pod, example: line.path, path: "/assets/logo.svg" });
    all.redirected(line.path, "http://images:18004/elsewhere?a=b");
    assert.equal(images()?.rewrittenPath, "/assets/logo.svg");
    assert.equal(images()?.location, "/elsewhere?a=b");
  });
});
