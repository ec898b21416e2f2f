import assert from "node:assert/strict";
import { createMeshApi } from "../../../src/controller/status/mesh-api.ts";
import { json } from "../../kubernetes/local-api-server.ts";
import { RecordingServer, refusal } from "../recording-server.ts";

const PATH = "/apis/gateway.networking.x-k8s.io/v1alpha1/xmeshes";
const MANAGER = "?fieldManager=eastbound-controller";
const { signal } = new AbortController();
const operations = [{ op: "test", path: "/metadata/resourceVersion", value: "7" }] as const;
const mesh = {
  metadata: { name: "eastbound", uid: "u", resourceVersion: "7", generation: 1 },
  spec: { controllerName: "eastbound.dev/controller" },
};

describe("createMeshApi", () => {
  it("lists, makes and patches", async () => {
    await using server = await RecordingServer.start(
      json(200, { items: [mesh, { metadata: {} }] }),
      json(201, mesh),
      json(200, mesh),
    );
    const api = createMeshApi(server.config);
    const list = await api.list(signal);
    assert.deepEqual(list, {
      kind: "meshes",
      meshes: [
        {
          name: "eastbound",
          uid: "u",
          resourceVersion: "7",
          generation: 1,
          controllerName: "eastbound.dev/controller",
          hasParameters: false,
          status: undefined,
        },
      ],
    });
    assert.deepEqual(await api.create("eastbound", signal), { kind: "done" });
    assert.deepEqual(await api.patch("eastbound", operations, signal), { kind: "done" });
    assert.deepEqual(
      server.calls.map(({ method, url }) => [method, url]),
      [
        ["GET", PATH],
        ["POST", PATH + MANAGER],
        ["PATCH", `${PATH}/eastbound/status${MANAGER}`],
      ],
    );
    assert.deepEqual(server.calls[1]?.body, {
      apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
      kind: "XMesh",
      metadata: { name: "eastbound" },
      spec: { controllerName: "eastbound.dev/controller" },
    });
    assert.deepEqual(
      [server.calls[2]?.contentType, server.calls[2]?.body],
      ["application/json-patch+json", operations],
    );
  });

  it("knows an API server that does not serve it", async () => {
    await using server = await RecordingServer.start(
      refusal(404, "NotFound"),
      refusal(503, "ServiceUnavailable"),
      json(200, {}),
    );
    const api = createMeshApi(server.config);
    assert.deepEqual(await api.list(signal), { kind: "not-served" });
    assert.deepEqual(await api.list(signal), { kind: "failed", message: "it is ServiceUnavailable" });
    assert.deepEqual(await api.list(signal), { kind: "meshes", meshes: [] });
  });

  for (const code of [404, 409, 422]) {
    it(`looks again after ${code}`, async () => {
      await using server = await RecordingServer.start(refusal(code, "Changed"), refusal(code, "Changed"));
      const api = createMeshApi(server.config);
      assert.deepEqual(await api.create("eastbound", signal), { kind: "changed" });
      assert.deepEqual(await api.patch("eastbound", operations, signal), { kind: "changed" });
    });
  }

  it("tells of what it may not, and gives up when it is told", async () => {
    await using server = await RecordingServer.start(refusal(403, "Forbidden"));
    const api = createMeshApi(server.config);
    assert.deepEqual(await api.create("eastbound", signal), { kind: "failed", message: "it is Forbidden" });
    assert.equal((await api.create("eastbound", AbortSignal.abort())).kind, "failed");
  });
});
