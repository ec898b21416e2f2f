import assert from "node:assert/strict";
import { createEventApi } from "../../../src/controller/events/event-api.ts";
import type { NewEvent } from "../../../src/controller/events/event-port.ts";
import { json } from "../../kubernetes/local-api-server.ts";
import { RecordingServer, refusal } from "../recording-server.ts";

const PATH = "/apis/events.k8s.io/v1/namespaces/shop/events";
const { signal } = new AbortController();
const regarding = { apiVersion: "v1", kind: "Service", namespace: "shop", name: "s", uid: "u" };
const event: NewEvent = {
  namespace: "shop",
  name: "s.0123",
  regarding,
  type: "Warning",
  reason: "ServiceProblem",
  action: "BindService",
  note: "a problem",
  at: Date.UTC(2026, 10, 24, 10, 0, 0, 7),
  count: 1,
};
const TIME = "2026-11-24T10:00:00.007000Z";

describe("createEventApi", () => {
  it("makes an Event", async () => {
    await using server = await RecordingServer.start(json(201, {}), json(201, { series: { count: 5 } }));
    const api = createEventApi(server.config, "x".repeat(200));
    assert.deepEqual(await api.create(event, signal), { kind: "event", count: 1 });
    const clusterScoped = { ...regarding, kind: "XMesh", namespace: "" };
    const repeated = { ...event, regarding: clusterScoped, count: 5 };
    assert.deepEqual(await api.create(repeated, signal), { kind: "event", count: 5 });
    assert.deepEqual(
      server.calls.map(({ method, url }) => [method, url]),
      [
        ["POST", PATH],
        ["POST", PATH],
      ],
    );
    const body = {
      metadata: { namespace: "shop", name: "s.0123" },
      eventTime: TIME,
      regarding,
      type: "Warning",
      reason: "ServiceProblem",
      action: "BindService",
      note: "a problem",
      reportingController: "eastbound.dev/controller",
      reportingInstance: "x".repeat(128),
    };
    assert.deepEqual(server.calls[0]?.body, body);
    const { namespace: _none, ...withoutNamespace } = clusterScoped;
    const series = { count: 5, lastObservedTime: TIME };
    assert.deepEqual(server.calls[1]?.body, { ...body, regarding: withoutNamespace, series });
  });

  it("reads one, and counts on", async () => {
    await using server = await RecordingServer.start(json(200, {}), json(200, { series: { count: 8 } }));
    const api = createEventApi(server.config, "replica");
    assert.deepEqual(await api.read("shop", "s.0123", signal), { kind: "event", count: 1 });
    const series = { namespace: "shop", name: "s.0123", count: 8, at: event.at };
    assert.deepEqual(await api.update(series, signal), { kind: "event", count: 8 });
    assert.deepEqual(server.calls[1], {
      method: "PATCH",
      url: `${PATH}/s.0123`,
      contentType: "application/merge-patch+json",
      body: { series: { count: 8, lastObservedTime: TIME } },
    });
  });

  const refusals = [
    { code: 404, reason: "NotFound", answer: { kind: "gone" } },
    { code: 409, reason: "AlreadyExists", answer: { kind: "exists" } },
    { code: 403, reason: "Forbidden", answer: { kind: "failed", message: "it is Forbidden" } },
  ];
  for (const { code, reason, answer } of refusals) {
    it(`takes ${code} ${reason} for what it is`, async () => {
      await using server = await RecordingServer.start(refusal(code, reason));
      assert.deepEqual(await createEventApi(server.config, "replica").create(event, signal), answer);
    });
  }

  it("looks uids up where it can", async () => {
    const metadata = { metadata: { uid: "found" } };
    await using server = await RecordingServer.start(
      json(200, metadata),
      json(200, metadata),
      json(200, metadata),
      refusal(404, "NotFound"),
    );
    const api = createEventApi(server.config, "replica");
    const uidOf = (kind: string, apiVersion = "v1") =>
      api.uidOf({ apiVersion, kind, namespace: "shop", name: "o" }, signal);
    assert.deepEqual(
      [await uidOf("Pod"), await uidOf("Secret"), await uidOf("Service"), await uidOf("Pod")],
      ["found", "found", "found", undefined],
    );
    assert.equal(await uidOf("HTTPRoute", "gateway.networking.k8s.io/v1"), undefined);
    assert.deepEqual(
      server.calls.map(({ url }) => url),
      ["pods", "secrets", "services", "pods"].map((plural) => `/api/v1/namespaces/shop/${plural}/o`),
    );
  });
});
