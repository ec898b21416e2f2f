import assert from "node:assert/strict";
import type { PatchOperation } from "../../../src/controller/status/json-patch.ts";
import { MESH_FEATURES } from "../../../src/controller/status/mesh-features.ts";
import { MeshObject } from "../../../src/controller/status/mesh-object.ts";
import type { MeshAnswer, MeshList, MeshPort } from "../../../src/controller/status/mesh-port.ts";
import { type ObservedMesh, readObservedMesh } from "../../../src/controller/status/observed-mesh.ts";
import { planMesh } from "../../../src/controller/status/plan-mesh.ts";
import { ManualControllerClock, settle } from "../manual-clock.ts";
import { applyPatch } from "./fake-api.ts";

interface RawMesh {
  metadata: { name: string; uid: string; resourceVersion: string; generation: number };
  spec: { controllerName: string; parametersRef?: object };
  status?: { conditions?: Readonly<Record<string, unknown>>[]; supportedFeatures?: { name: string }[] };
}

const OURS = "eastbound.dev/controller";

const EPOCH = "1970-01-01T00:00:00Z";

/** What the CRD's defaults make of an XMesh without a status. */
function defaulted(type: string): Readonly<Record<string, unknown>> {
  return {
    type,
    status: "Unknown",
    reason: "Pending",
    message: "Waiting for controller",
    lastTransitionTime: EPOCH,
  };
}

class FakeMeshes implements MeshPort {
  readonly meshes = new Map<string, RawMesh>();
  readonly calls: string[] = [];
  isServed = true;
  failure: string | undefined;
  before: (() => void) | undefined;
  #version = 1;

  put(name: string, controllerName: string, more: Partial<RawMesh> = {}): RawMesh {
    const resourceVersion = String(this.#version++);
    const mesh: RawMesh = {
      metadata: { name, uid: `uid-${name}`, resourceVersion, generation: 1 },
      spec: { controllerName },
      status: { conditions: [defaulted("Accepted"), defaulted("Programmed")] },
      ...more,
    };
    this.meshes.set(name, mesh);
    return mesh;
  }

  async list(): Promise<MeshList> {
    this.calls.push("list");
    if (this.failure !== undefined) throw new Error(this.failure);
    if (!this.isServed) return { kind: "not-served" };
    return { kind: "meshes", meshes: [...this.meshes.values()].map(read) };
  }

  async create(name: string): Promise<MeshAnswer> {
    this.calls.push(`create ${name}`);
    this.before?.();
    if (this.meshes.has(name)) return { kind: "changed" };
    this.put(name, OURS);
    return { kind: "done" };
  }

  async patch(name: string, operations: readonly PatchOperation[]): Promise<MeshAnswer> {
    this.calls.push(`patch ${name}`);
    this.before?.();
    const mesh = this.meshes.get(name);
    const patched = mesh === undefined ? undefined : applyPatch(mesh, operations);
    if (patched === undefined) return { kind: "changed" };
    patched.metadata.resourceVersion = String(this.#version++);
    this.meshes.set(name, patched);
    return { kind: "done" };
  }

  get writes(): readonly string[] {
    return this.calls.filter((call) => call !== "list");
  }
}

function read(raw: RawMesh): ObservedMesh {
  const mesh = readObservedMesh(raw);
  assert.ok(mesh !== undefined);
  return mesh;
}

class Fixture {
  readonly api = new FakeMeshes();
  readonly clock = new ManualControllerClock();
  readonly logged: string[] = [];
  readonly taken: string[] = [];
  readonly #ended = new AbortController();
  readonly object = new MeshObject({
    api: this.api,
    clock: this.clock,
    random: () => 1,
    log: {
      info: () => {},
      warn: (message) => this.logged.push(message),
      limited: (_level, message) => this.logged.push(message),
    },
    namespace: "eastbound-system",
    onTaken: ({ controllerName }) => this.taken.push(controllerName),
  });
  mayWrite = true;
  #running: Promise<void> = Promise.resolve();

  async start(): Promise<void> {
    this.#running = this.object.run(this.#ended.signal, () => this.mayWrite);
    await settle();
    await settle();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
    assert.equal(this.clock.timers, 0);
  }

  conditions(name: string): readonly unknown[] {
    return (this.api.meshes.get(name)?.status?.conditions ?? []).map(({ type, status, reason }) =>
      [type, status, reason].join(" "),
    );
  }
}

describe("MeshObject", () => {
  it("makes the object, says that it is accepted and what works, and rests", async () => {
    const f = new Fixture();
    await f.start();
    assert.deepEqual(f.api.calls, ["list", "create eastbound", "list", "patch eastbound", "list"]);
    const mesh = f.api.meshes.get("eastbound");
    assert.deepEqual(mesh?.status?.conditions, [
      {
        type: "Accepted",
        status: "True",
        observedGeneration: 1,
        lastTransitionTime: "2026-11-24T10:00:00Z",
        reason: "Accepted",
        message: "The mesh is served by Eastbound in namespace eastbound-system.",
      },
      defaulted("Programmed"),
    ]);
    assert.deepEqual(
      mesh?.status?.supportedFeatures?.map(({ name }) => name),
      MESH_FEATURES,
    );
    f.api.calls.length = 0;
    await f.clock.pass(300_000);
    assert.equal(f.api.calls.length, 10);
    assert.deepEqual(f.api.writes, []);
    await f.stop();
  });

  it("leaves a cluster without the CRD alone, and notices when it comes", async () => {
    const f = new Fixture();
    f.api.isServed = false;
    await f.start();
    assert.deepEqual(f.api.writes, []);
    f.api.isServed = true;
    await f.clock.pass(30_000);
    assert.deepEqual(f.conditions("eastbound"), ["Accepted True Accepted", "Programmed Unknown Pending"]);
    await f.stop();
  });

  it("makes it again when somebody deletes it, at once where it is told", async () => {
    const f = new Fixture();
    await f.start();
    f.api.meshes.clear();
    f.object.look();
    await settle();
    await settle();
    assert.ok(f.api.meshes.has("eastbound"));
    await f.stop();
    f.object.look();
  });

  it("looks once more where it is told during a look", async () => {
    const f = new Fixture();
    f.api.before = () => {
      if (f.api.calls.length < 4) f.object.look();
    };
    await f.start();
    await settle();
    assert.equal(f.api.calls.filter((call) => call === "list").length, 4);
    await f.stop();
  });

  it("gives a status to others of ours, and leaves those of other controllers alone", async () => {
    const f = new Fixture();
    f.api.put("mine", OURS, { status: {} });
    f.api.put("bare", OURS);
    delete f.api.meshes.get("bare")?.status;
    const theirs = JSON.stringify(f.api.put("theirs", "example.com/mesh"));
    await f.start();
    assert.deepEqual(f.conditions("mine"), ["Accepted True Accepted"]);
    assert.deepEqual(f.conditions("bare"), ["Accepted True Accepted"]);
    assert.equal(JSON.stringify(f.api.meshes.get("theirs")), theirs);
    assert.deepEqual(f.taken, []);
    await f.stop();
  });

  it("leaves an object of our name alone that another controller has, and says so once", async () => {
    const f = new Fixture();
    f.api.put("eastbound", "example.com/mesh");
    await f.start();
    await f.clock.pass(300_000);
    assert.deepEqual(f.api.writes, []);
    assert.deepEqual(f.taken, ["example.com/mesh"]);
    assert.equal(f.logged.length, 1);
    await f.stop();
  });

  it("refuses parameters", async () => {
    const f = new Fixture();
    f.api.put("eastbound", OURS, { spec: { controllerName: OURS, parametersRef: {} } });
    await f.start();
    assert.deepEqual(f.conditions("eastbound")[0], "Accepted False InvalidParameters");
    await f.stop();
  });

  it("takes features away that do not work any more", () => {
    const mesh = new FakeMeshes().put("eastbound", OURS);
    const plan = (raw: RawMesh): readonly PatchOperation[] =>
      planMesh(read(raw), { namespace: "ns", now: EPOCH });
    const written = applyPatch(mesh, plan(mesh));
    assert.ok(written !== undefined);
    assert.deepEqual(plan(written), []);
    written.status?.supportedFeatures?.push({ name: "Zeal" });
    assert.deepEqual(
      plan(written).map(({ op, path }) => `${op} ${path}`),
      ["test /metadata/resourceVersion", "add /status/supportedFeatures"],
    );
  });

  it("looks again where somebody came in between, but not for ever", async () => {
    const f = new Fixture();
    f.api.before = () => {
      for (const mesh of f.api.meshes.values()) mesh.metadata.resourceVersion += "0";
    };
    await f.start();
    assert.deepEqual(f.api.writes, ["create eastbound", ...Array<string>(3).fill("patch eastbound")]);
    f.api.before = undefined;
    await f.clock.pass(30_000);
    assert.equal(f.conditions("eastbound")[0], "Accepted True Accepted");
    await f.stop();
  });

  it("says that it can't, and tries again later", async () => {
    const f = new Fixture();
    f.api.failure = "no connection";
    await f.start();
    assert.deepEqual(f.logged, ["can't keep the XMesh"]);
    f.api.failure = undefined;
    f.api.create = () => Promise.reject(new Error("forbidden"));
    await f.clock.pass(30_000);
    assert.equal(f.logged.length, 2);
    await f.stop();
  });

  it("writes nothing when it may not", async () => {
    const f = new Fixture();
    f.mayWrite = false;
    await f.start();
    assert.deepEqual(f.api.calls, ["list"]);
    await f.stop();
    const ended = new Fixture();
    await ended.object.run(AbortSignal.abort(), () => true);
    assert.deepEqual(ended.api.calls, []);
  });
});

describe("readObservedMesh", () => {
  const wrong = [
    undefined,
    null,
    7,
    {},
    { metadata: { name: "x" } },
    { metadata: { name: "x", resourceVersion: "1" } },
  ];
  for (const raw of wrong) {
    it(`takes ${JSON.stringify(raw)} for no XMesh`, () => assert.equal(readObservedMesh(raw), undefined));
  }
});

describe("MESH_FEATURES", () => {
  it("is sorted, and holds each once, as many as an XMesh may", () => {
    assert.deepEqual([...new Set(MESH_FEATURES)].sort(), MESH_FEATURES);
    assert.ok(MESH_FEATURES.length <= 64);
  });
});
