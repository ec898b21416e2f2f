import assert from "node:assert/strict";
import { CoordinationV1Api } from "@kubernetes/client-node";
import { createLeaseApi } from "../../../src/controller/election/lease-api.ts";
import type { LeasePort, LeaseRecord } from "../../../src/controller/election/lease-port.ts";
import { refusal, ScriptedApiServer } from "../scripted-api-server.ts";

const record: LeaseRecord = {
  holder: "a",
  durationSeconds: 15,
  acquireTime: "2026-12-01T00:00:00.000Z",
  renewTime: "2026-12-01T00:00:02.000Z",
  transitions: 3,
};
const stored = {
  metadata: { resourceVersion: "7" },
  spec: {
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2026-12-01T00:00:00.123456Z",
    renewTime: "2026-12-01T00:00:02.123456Z",
    leaseTransitions: 3,
  },
};
const path = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";

describe("Lease at the API server", () => {
  let server: ScriptedApiServer;
  let leases: LeasePort;
  const { signal } = new AbortController();

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
    const api = server.config.makeApiClient(CoordinationV1Api);
    leases = createLeaseApi({ api, namespace: "ns", name: "lease" });
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it("is read with times as they are, to the microsecond", async () => {
    server.answer({ status: 200, body: stored });
    const { acquireTime, renewTime } = stored.spec;
    assert.deepEqual(await leases.read(signal), {
      kind: "lease",
      lease: { resourceVersion: "7", record: { ...record, acquireTime, renewTime } },
    });
    assert.equal(server.calls[0]?.path, `${path}/lease`);
  });

  it("may be empty", async () => {
    server.answer({ status: 200, body: {} });
    assert.deepEqual(await leases.read(signal), {
      kind: "lease",
      lease: {
        resourceVersion: "",
        record: { holder: "", durationSeconds: 0, acquireTime: "", renewTime: "", transitions: 0 },
      },
    });
  });

  it("is made", async () => {
    server.answer({ status: 201, body: stored });
    await leases.create(record, signal);
    const [call] = server.calls;
    assert.equal(`${call?.method} ${call?.path}`, `POST ${path}?fieldManager=eastbound-controller`);
    const spec = {
      ...stored.spec,
      acquireTime: "2026-12-01T00:00:00.000000Z",
      renewTime: "2026-12-01T00:00:02.000000Z",
    };
    assert.deepEqual(call?.body, { metadata: { name: "lease", namespace: "ns" }, spec });
  });

  it("is replaced only at the version that was seen", async () => {
    server.answer({ status: 200, body: stored });
    await leases.replace(record, "7", signal);
    const [call] = server.calls;
    assert.equal(call?.method, "PATCH");
    assert.equal(call.contentType, "application/merge-patch+json");
    assert.deepEqual((call.body as { metadata: unknown }).metadata, { resourceVersion: "7" });
  });

  it("can't be made where there is no such namespace, which is told", async () => {
    const message = 'namespaces "ns" not found';
    server.answer(refusal(404, "NotFound", message));
    assert.deepEqual(await leases.create(record, signal), { kind: "failed", message });
  });

  for (const { answer, kind, made = kind } of [
    { answer: refusal(404, "NotFound", "none"), kind: "absent", made: "failed" },
    { answer: refusal(409, "Conflict", "changed"), kind: "conflict" },
    { answer: refusal(409, "AlreadyExists", "there"), kind: "conflict" },
    { answer: refusal(500, "InternalError", "etcd"), kind: "failed" },
    { answer: "reset" as const, kind: "failed" },
  ]) {
    it(`answers ${kind} to ${JSON.stringify(answer).slice(0, 90)}`, async () => {
      server.answer(answer, answer, answer);
      const answers = [
        leases.read(signal),
        leases.create(record, signal),
        leases.replace(record, "7", signal),
      ];
      assert.deepEqual(
        (await Promise.all(answers)).map((each) => each.kind),
        [kind, made, kind],
      );
    });
  }
});
