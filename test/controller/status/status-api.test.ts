import assert from "node:assert/strict";
import { createStatusApi } from "../../../src/controller/status/status-api.ts";
import { type Answer, json } from "../../kubernetes/local-api-server.ts";
import { RecordingServer, refusal } from "../recording-server.ts";

const address = { kind: "HTTPRoute", version: "v1beta1", namespace: "shop", name: "r" } as const;
const raw = {
  apiVersion: "gateway.networking.k8s.io/v1beta1",
  metadata: { namespace: "shop", name: "r", uid: "u", resourceVersion: "7", generation: 3 },
};
const route = {
  namespace: "shop",
  name: "r",
  uid: "u",
  resourceVersion: "7",
  generation: 3,
  version: "v1beta1",
  parents: "no-status",
};
const operations = [{ op: "test", path: "/metadata/resourceVersion", value: "7" }] as const;
const { signal } = new AbortController();

describe("createStatusApi", () => {
  it("reads a route in the version that is served", async () => {
    await using server = await RecordingServer.start(json(200, raw));
    assert.deepEqual(await createStatusApi(server.config).read(address, signal), { kind: "route", route });
    const path = "/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/httproutes/r";
    assert.deepEqual(
      server.calls.map(({ method, url }) => [method, url]),
      [["GET", path]],
    );
  });

  it("patches the status alone, under our name", async () => {
    await using server = await RecordingServer.start(json(200, raw));
    const answer = await createStatusApi(server.config).patch(address, operations, signal);
    assert.deepEqual(answer, { kind: "route", route });
    const path = "/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/httproutes/r/status";
    assert.deepEqual(server.calls, [
      {
        method: "PATCH",
        url: `${path}?fieldManager=eastbound-controller`,
        contentType: "application/json-patch+json",
        body: operations,
      },
    ]);
  });

  const cases: readonly { name: string; answer: Answer; read: object; patch: object }[] = [
    { name: "404", answer: refusal(404, "NotFound"), read: { kind: "gone" }, patch: { kind: "gone" } },
    {
      name: "409",
      answer: refusal(409, "Conflict"),
      read: { kind: "failed", message: "it is Conflict" },
      patch: { kind: "refused", message: "it is Conflict" },
    },
    {
      name: "422",
      answer: refusal(422, "Invalid"),
      read: { kind: "failed", message: "it is Invalid" },
      patch: { kind: "refused", message: "it is Invalid" },
    },
    {
      name: "403",
      answer: refusal(403, "Forbidden"),
      read: { kind: "failed", message: "it is Forbidden" },
      patch: { kind: "failed", message: "it is Forbidden" },
    },
    {
      name: "429",
      answer: refusal(429, "TooManyRequests", { "retry-after": "3" }),
      read: { kind: "failed", message: "it is TooManyRequests", retryAfterMs: 3_000 },
      patch: { kind: "failed", message: "it is TooManyRequests", retryAfterMs: 3_000 },
    },
    {
      name: "something that is no route",
      answer: json(200, { metadata: {} }),
      read: { kind: "failed", message: "the API server's answer is no route" },
      patch: { kind: "failed", message: "the API server's answer is no route" },
    },
  ];
  for (const { name, answer, read, patch } of cases) {
    it(`takes ${name} for what it is`, async () => {
      await using server = await RecordingServer.start(answer, answer);
      const api = createStatusApi(server.config);
      assert.deepEqual(await api.read(address, signal), read);
      assert.deepEqual(await api.patch(address, operations, signal), patch);
    });
  }

  it("gives up when it is told", async () => {
    await using server = await RecordingServer.start();
    const api = createStatusApi(server.config);
    assert.equal((await api.read(address, AbortSignal.abort())).kind, "failed");
    assert.equal((await api.patch(address, operations, AbortSignal.abort())).kind, "failed");
  });
});
