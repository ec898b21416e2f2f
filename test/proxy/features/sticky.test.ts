import assert from "node:assert/strict";
import { answerOf, type Respond, Routed, requestText, saying } from "../../support/routed.ts";

const GET = requestText("GET", "/");
const NTLM = requestText("GET", "/", ["Authorization: NTLM TlRMTVNTUAABAAAA"]);

/** Which connection of the endpoint the last request came on. */
function lastConnection(routed: Routed): number | undefined {
  return routed.seen().at(-1)?.connection;
}

describe("connections that a client authenticated (NTLM, Negotiate)", () => {
  it("serve all further requests of this client and none of others", async () => {
    await using routed = await Routed.start({});
    const [one, other] = [routed.client(), routed.client()];
    await answerOf(one, NTLM);
    assert.equal(lastConnection(routed), 0);
    for (let n = 0; n < 3; n++) {
      await answerOf(other, GET);
      assert.equal(lastConnection(routed), 1);
      await answerOf(one, n % 2 === 0 ? GET : requestText("POST", "/", [], "body"));
      assert.equal(lastConnection(routed), 0);
    }
  });

  it("are closed with their client", async () => {
    await using routed = await Routed.start({});
    const one = routed.client();
    await answerOf(one, NTLM);
    one.socket.destroy();
    await routed.until(() => routed.harness.telemetry.count("upstreamOpen") === 0);
    assert.equal((await routed.get("/")).body, "web");
    assert.equal(lastConnection(routed), 1);
  });

  it("are those on which the server asks for it, too", async () => {
    const asking: Respond = (_seen, response) => {
      response.writeHead(401, { "WWW-Authenticate": "Negotiate" }).end();
    };
    await using routed = await Routed.start({ backends: { "app/web:80": [asking] } });
    const [one, other] = [routed.client(), routed.client()];
    await answerOf(one, GET);
    await answerOf(other, GET);
    await answerOf(one, GET);
    assert.deepEqual(
      routed.seen().map(({ connection }) => connection),
      [0, 1, 0],
    );
  });

  it("may come from the pool and never return to it", async () => {
    await using routed = await Routed.start({});
    const [one, other] = [routed.client(), routed.client()];
    await answerOf(other, GET);
    await answerOf(one, NTLM);
    assert.equal(lastConnection(routed), 0);
    await answerOf(other, GET);
    assert.equal(lastConnection(routed), 1);
  });

  it("are kept while the client's requests go to another backend", async () => {
    const at = (value: string, backend: string) =>
      ({
        matches: [{ path: { kind: "PathPrefix", value }, headers: [], queryParams: [] }],
        backends: [{ target: { kind: "Backend", name: backend }, weight: 1, filters: [] }],
      }) as const;
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], "app/b:80": [saying("b")] },
      rules: [at("/b", "app/b:80"), at("/", "app/web:80")],
    });
    const one = routed.client();
    await answerOf(one, NTLM);
    assert.equal((await answerOf(one, requestText("GET", "/b"))).body, "b");
    await answerOf(one, GET);
    assert.equal(lastConnection(routed), 0);
    assert.equal((await routed.get("/b")).body, "b");
    assert.equal(routed.connections("app/b:80"), 1);
  });

  it("are replaced when the server closes them", async () => {
    const closing: Respond = (seen, response) => {
      if (seen.connection === 0) response.setHeader("Connection", "close");
      response.end("web");
    };
    await using routed = await Routed.start({ backends: { "app/web:80": [closing] } });
    const one = routed.client();
    await answerOf(one, NTLM);
    await answerOf(one, NTLM);
    await answerOf(one, GET);
    assert.deepEqual(
      routed.seen().map(({ connection }) => connection),
      [0, 1, 1],
    );
  });

  it("count as load of their endpoint", async () => {
    let busy = 0;
    const watching: Respond = (_seen, response) => {
      const [backend] = routed.harness.proxy.configuration.backends();
      busy = [...(backend?.endpoints.endpoints() ?? [])].reduce((sum, { pending }) => sum + pending, 0);
      response.end("web");
    };
    await using routed = await Routed.start({ backends: { "app/web:80": [watching] } });
    const one = routed.client();
    for (let n = 0; n < 2; n++) {
      await answerOf(one, NTLM);
      assert.equal(busy, 1);
    }
  });
});
