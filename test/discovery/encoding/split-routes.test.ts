import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeFrontend, decodeFrontendInSteps } from "../../../src/discovery/encoding/decode-frontend.ts";
import { encodeFrontend } from "../../../src/discovery/encoding/encode-frontend.ts";
import { splitRoutes } from "../../../src/discovery/encoding/split-routes.ts";
import { Frontend, Route } from "../../../src/discovery/generated/eastbound/discovery/v1/frontend.ts";
import { frontend } from "../arbitrary.ts";

describe("a Frontend's bytes, taken apart", () => {
  it("are all there", () => {
    fc.assert(
      fc.property(frontend, (of) => {
        const whole = Frontend.decode(encodeFrontend(of));
        const { rest, routes } = splitRoutes(encodeFrontend(of));
        const split = Frontend.decode(rest);
        assert.deepEqual(split.routes?.routes ?? [], []);
        split.routes?.routes.push(...routes.map((route) => Route.decode(route)));
        assert.deepEqual(split, whole);
      }),
    );
  });

  it("keep what the generated code keeps of fields that came twice or are not known", () => {
    const set = (name: string): Frontend["routes"] => ({
      kind: 1,
      consumerNamespace: "",
      routes: [{ namespace: "shop", name, rules: [], _unknownFields: {} }],
      _unknownFields: { [(100 << 3) | 2]: [Uint8Array.of(1, 7)] },
    });
    const once = { ...Frontend.decode(new Uint8Array()), namespace: "shop", routes: set("first") };
    const twice = Uint8Array.from(
      Buffer.concat([
        Frontend.encode(once).finish(),
        Frontend.encode({ ...once, routes: set("second") }).finish(),
      ]),
    );
    const { rest, routes } = splitRoutes(twice);
    assert.deepEqual(
      routes.map((route) => Route.decode(route).name),
      ["second"],
    );
    const { routes: whole } = Frontend.decode(twice);
    assert.deepEqual(Frontend.decode(rest).routes, { ...whole, routes: [] });
  });

  it("are read one route a step", () => {
    fc.assert(
      fc.property(frontend, (of) => {
        const steps = [...decodeFrontendInSteps(of.name, encodeFrontend(of))];
        assert.equal(steps.length, of.routes?.routes.length ?? 0);
      }),
    );
  });

  it("are refused where a route is wrong, with its place", () => {
    const shop = {
      ...Frontend.decode(new Uint8Array()),
      namespace: "shop",
      service: "cart",
      protocol: 1,
    } as const;
    const good = { namespace: "shop", name: "route", rules: [] };
    const bytes = Frontend.encode({
      ...shop,
      routes: { kind: 1, consumerNamespace: "", routes: [good, { ...good, name: "No Name" }] },
    }).finish();
    const result = decodeFrontend("10.96.0.1:80", bytes);
    assert.equal(result.kind, "invalid");
    assert.equal(result.problems[0]?.path, "routes.routes[1].name");
  });

  it("are refused where they end too early, wherever that is", () => {
    const [of] = fc.sample(
      frontend.filter(({ routes }) => routes !== undefined),
      { numRuns: 1, seed: 1 },
    );
    assert.ok(of);
    const bytes = encodeFrontend(of);
    assert.equal(decodeFrontend(of.name, bytes).kind, "ok");
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      assert.doesNotThrow(() => decodeFrontend(of.name, cut));
    }
  });
});
