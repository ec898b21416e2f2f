import assert from "node:assert/strict";
import { compileFrontend } from "../../src/routing/compile-frontend.ts";
import { matchRequest } from "../../src/routing/match-request.ts";
import { frontendOf, prefix, requestOf, routeOf, ruleOf } from "./route-fixtures.ts";

describe("matchRequest", () => {
  it("forwards to the Service's own backend where no route is bound", () => {
    const rule = matchRequest(compileFrontend(frontendOf(undefined)), requestOf("/any"));
    assert.equal(rule?.labels.routeKind, "");
    assert.equal(rule?.action.kind, "forward");
  });

  it("prefers the longer prefix", () => {
    const routes = [routeOf([ruleOf("root"), ruleOf("v2", { matches: [prefix("/v2")] })])];
    const compiled = compileFrontend(frontendOf(routes));
    assert.equal(matchRequest(compiled, requestOf("/v2/a"))?.labels.rule, "v2");
    assert.equal(matchRequest(compiled, requestOf("/v2a"))?.labels.rule, "root");
  });
});
