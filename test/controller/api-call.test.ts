import assert from "node:assert/strict";
import { CoreV1Api } from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../../src/controller/api-call.ts";
import { refusal, ScriptedApiServer } from "./scripted-api-server.ts";

describe("call of the API server", () => {
  let server: ScriptedApiServer;
  let api: CoreV1Api;

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
    api = server.config.makeApiClient(CoreV1Api);
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const read = (signal: AbortSignal, timeoutMs?: number): Promise<unknown> =>
    api.readNamespacedConfigMap(
      { name: "a", namespace: "b" },
      callOptions({ signal, ...(timeoutMs !== undefined && { timeoutMs }) }),
    );
  const failureOf = async (call: Promise<unknown>): Promise<ReturnType<typeof apiFailure>> =>
    call.then(
      () => assert.fail("it was to fail"),
      (error: unknown) => apiFailure(error),
    );
  const never = new AbortController().signal;

  for (const { name, answer, failure } of [
    {
      name: "a Status",
      answer: refusal(403, "Forbidden", "configmaps is forbidden"),
      failure: { status: 403, reason: "Forbidden", message: "configmaps is forbidden" },
    },
    {
      // The client reads no body of this one.
      name: "a status alone",
      answer: refusal(401, "Unauthorized", "who are you"),
      failure: { status: 401, reason: "", message: "HTTP status 401" },
    },
    {
      name: "a text",
      answer: { status: 503, body: "upstream is down" },
      failure: { status: 503, reason: "", message: "upstream is down" },
    },
    {
      name: "an object that says nothing",
      answer: { status: 500, body: { reason: 1 } },
      failure: { status: 500, reason: "", message: "HTTP status 500" },
    },
    {
      name: "a list",
      answer: { status: 500, body: "7" },
      failure: { status: 500, reason: "", message: "HTTP status 500" },
    },
  ]) {
    it(`tells why it failed by ${name}`, async () => {
      server.answer(answer);
      assert.deepEqual(await failureOf(read(never)), failure);
    });
  }

  it("tells what became of the connection", async () => {
    server.answer("reset");
    const { status, message } = await failureOf(read(never));
    assert.equal(status, undefined);
    assert.match(message, /^fetch failed: ./);
    assert.deepEqual(apiFailure("odd"), { status: undefined, reason: "", message: "odd" });
  });

  it("ends when its time is over", async () => {
    server.answer("silence");
    const { status, message } = await failureOf(read(never, 20));
    assert.equal(status, undefined);
    assert.match(message, /due to timeout/);
  });

  it("ends with its signal, also when that is aborted already", async () => {
    server.answer("silence");
    const abort = new AbortController();
    const call = failureOf(read(abort.signal, 60_000));
    abort.abort();
    assert.equal((await call).status, undefined);
    assert.equal((await failureOf(read(abort.signal, 60_000))).status, undefined);
  });
});
