import assert from "node:assert/strict";
import { type AdminRoute, jsonResponse, textResponse } from "../../../src/admin/admin-routes.ts";
import { startAdmin } from "../../../src/admin/admin-server.ts";
import { askProxy } from "../../../src/cli/explain/ask-proxy.ts";
import { answerExplainQuery } from "../../../src/cli/explain/explain-query.ts";
import { explainUrl } from "../../../src/cli/explain/explain-url.ts";
import { meshOf, routeYaml, serviceYaml } from "./mesh.ts";

const rules = Array.from({ length: 16 }, (_, i) =>
  [1, 2, 3, 4, 5, 6, 7, 8].map((j) => `{ path: { value: /p${i}/${j} } }`).join(","),
).map((matches) => `{ matches: [${matches}], backendRefs: [{ name: cart, port: 80 }] }`);
const mesh = meshOf(
  serviceYaml("cart", "10.96.1.1", "{ port: 80, name: http }") + routeYaml(rules.join(",")),
);
const headers = ["a: 1, 2", "Host: b&c=d"];
const asked = { method: "POST", url: "http://cart.shop/p3/4?x=%26&y", from: "store", headers };

async function serve(handle: AdminRoute["handle"]): Promise<Awaited<ReturnType<typeof startAdmin>>> {
  const route: AdminRoute = { method: "GET", summary: "For the test", handle };
  const onError = (error: unknown): void => assert.fail(String(error));
  return await startAdmin({ host: "127.0.0.1", port: 0, routes: new Map([["/explain", route]]), onError });
}

/** A clock on which every look takes a second, so that each step has a turn of its own. */
function slowClock(): () => number {
  let time = 0;
  return () => (time += 1_000);
}

async function serveMesh(): Promise<Awaited<ReturnType<typeof startAdmin>>> {
  return await serve(async ({ query }) => {
    const { status, body } = await answerExplainQuery(mesh, query, { namespace: "shop", now: slowClock() });
    return jsonResponse(status, JSON.stringify(body));
  });
}

const at = (server: { readonly port: number }, host = "127.0.0.1"): { host: string; port: number } => ({
  host,
  port: server.port,
});

describe("asking a running proxy", () => {
  it("gives the same as explaining here", async () => {
    await using server = await serveMesh();
    const answer = await askProxy(at(server), asked);
    assert.equal(answer.kind, "explained");
    assert.deepEqual(answer, explainUrl(mesh, asked));
  });

  it("takes the namespace of the proxy, and this machine where no host is given", async () => {
    await using server = await serveMesh();
    const answer = await askProxy(at(server, ""), { ...asked, url: "http://cart/", from: undefined });
    assert.deepEqual(answer, explainUrl(mesh, { ...asked, url: "http://cart/", from: "shop" }));
  });

  it("hands on what is wrong", async () => {
    await using server = await serveMesh();
    assert.partialDeepStrictEqual(await askProxy(at(server), { ...asked, url: "http://crt.shop" }), {
      kind: "not-found",
      message: "There is no Service shop/crt.",
    });
    assert.partialDeepStrictEqual(await askProxy(at(server), { ...asked, method: "a b" }), {
      kind: "malformed",
      problems: [{ path: "METHOD" }],
    });
  });

  it("answers by status what a query alone asks for", async () => {
    const ask = async (query: string): Promise<unknown> => {
      const { status } = await answerExplainQuery(mesh, new URLSearchParams(query), {
        namespace: "shop",
        now: () => 0,
      });
      return status;
    };
    assert.deepEqual(
      [await ask("url=http://cart/p1/1"), await ask(""), await ask("url=nobody&header=a:b")],
      [200, 400, 404],
    );
  });

  for (const body of ["not found", "[]", '{"kind":"other"}', "{}"]) {
    it(`does not take ${body} for an answer`, async () => {
      await using server = await serve(() => textResponse(200, body));
      const answer = await askProxy(at(server), asked);
      assert.match(JSON.stringify(answer), /unreachable.*is no admin endpoint of Eastbound: it answered/);
    });
  }

  it("says that nobody listens", async () => {
    const server = await serveMesh();
    await server[Symbol.asyncDispose]();
    assert.match(
      JSON.stringify(await askProxy(at(server), asked)),
      /no proxy answers at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED/,
    );
    const answer = await askProxy(at(server, "::1"), asked);
    assert.match(JSON.stringify(answer), /no proxy answers at \[::1\]:\d+ \(/);
  });
});
