import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { StoredResource } from "../../../../src/discovery/client/client-ports.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../../src/discovery/client/snapshot/snapshot-codec.ts";
import { SnapshotFile } from "../../../../src/discovery/client/snapshot/snapshot-file.ts";
import { Snapshot } from "../../../../src/discovery/generated/eastbound/discovery/v1/snapshot.ts";
import { RESOURCE_TYPES } from "../../../../src/discovery/resource-types.ts";
import { backendOf, ClientHarness, frontendOf, StubStore, wrong } from "../client-harness.ts";

const WEB = "10.96.0.1:80";
const API = "10.96.0.2:80";

function stored(type: StoredResource["type"], resource: ReturnType<typeof frontendOf>): StoredResource {
  const { name, version, content } = resource;
  return { type, name, version, bytes: new TextEncoder().encode(content) };
}

const self = { name: "self", version: "1", content: "zone-a" };

/** What a process before had in force. */
function storeOf(...content: readonly StoredResource[]): StubStore {
  const store = new StubStore();
  store.content = content;
  return store;
}

function webSnapshot(): StubStore {
  return storeOf(
    stored("Self", self),
    stored("Backend", backendOf("web")),
    stored("Backend", backendOf("canary")),
    stored("Frontend", frontendOf(WEB, "web", "canary")),
  );
}

describe("the snapshot at the start", () => {
  it("is in force at once, without a controller", () => {
    const harness = new ClientHarness(webSnapshot());
    harness.client.start();
    assert.deepEqual(harness.sink.calls, ["+B web@1", "+B canary@1", `+F ${WEB}@web,canary`]);
    assert.deepEqual(harness.sink.places, [{ zone: "zone-a" }]);
    assert.equal(harness.client.knows(WEB), "known");
    assert.ok(harness.log.lines.includes("info the snapshot is in force"));
  });

  it("is offered to the controller as what is held", async () => {
    const harness = new ClientHarness(webSnapshot());
    const stream = await harness.connected();
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
    assert.deepEqual([...stream.subscribed("Backend")], ["web", "canary"]);
    assert.deepEqual(
      [stream.offered("Self"), stream.offered("Frontend"), stream.offered("Backend")],
      [{ self: "1" }, { [WEB]: "web,canary" }, { web: "1", canary: "1" }],
    );
    stream.push("Frontend", [], [WEB]);
    assert.equal(harness.client.knows(WEB), "unknown-to-controller");
  });

  it("stays when the controller can't be reached, and lets unknown names through", async () => {
    const harness = new ClientHarness(webSnapshot());
    harness.client.start();
    await harness.settle();
    harness.stream.end("failed");
    assert.equal(harness.client.knows(WEB), "known");
    assert.deepEqual(harness.learn(API).outcomes, ["at once"]);
  });

  it("holds Frontends back whose Backends are not in it, until the controller says more", async () => {
    const store = storeOf(stored("Frontend", frontendOf(WEB, "web")), stored("Backend", wrong("web")));
    const harness = new ClientHarness(store);
    harness.client.start();
    await harness.settle();
    harness.stream.end("failed");
    assert.deepEqual([harness.sink.calls, harness.learn(WEB).outcomes], [[], ["at once"]]);
    const stream = await harness.reconnect();
    stream.open().push("Backend", [backendOf("web", "2")]);
    assert.deepEqual(harness.sink.calls, ["+B web@2", `+F ${WEB}@web`]);
  });

  it("is used but for what is wrong in it", async () => {
    const store = storeOf(
      stored("Frontend", wrong(API)),
      stored("Frontend", frontendOf(WEB, "web")),
      stored("Frontend", frontendOf(WEB, "web")),
      stored("Backend", backendOf("web")),
      stored("Backend", backendOf("nobody's")),
    );
    const harness = new ClientHarness(store);
    const stream = await harness.connected();
    assert.deepEqual(harness.sink.calls, ["+B web@1", `+F ${WEB}@web`]);
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
    assert.match(harness.log.lines.join("\n"), /warn some of the snapshot can't be used: 10\.96\.0\.2:80/);
  });

  it("is told of and passed over where it can't be read", async () => {
    const store = webSnapshot();
    store.readError = new Error("it is damaged");
    const harness = new ClientHarness(store);
    const stream = await harness.connected();
    assert.deepEqual(harness.sink.calls, []);
    assert.equal(stream.requests.length, 1);
    assert.match(harness.log.lines.join("\n"), /warn the snapshot can't be used.*: it is damaged/);
  });
});

describe("the snapshot while it runs", () => {
  async function learned(store: StubStore): Promise<ClientHarness> {
    const harness = new ClientHarness(store);
    const stream = await harness.connected();
    harness.learn(WEB);
    harness.learn(API);
    stream.push("Self", [self]);
    stream.push("Frontend", [frontendOf(WEB, "web")], [API]);
    stream.push("Backend", [backendOf("web")]);
    return harness;
  }

  it("is written soon after a change, with what is in force", async () => {
    const store = new StubStore();
    const harness = await learned(store);
    harness.clock.advance(999);
    assert.equal(store.writes, 0);
    harness.clock.advance(1);
    await harness.settle();
    assert.deepEqual(store.content, [
      stored("Self", self),
      stored("Backend", backendOf("web")),
      stored("Frontend", frontendOf(WEB, "web")),
    ]);
    assert.equal(harness.client.statistics.snapshotsWritten, 1);
  });

  it("is not written again before a while, and then only once", async () => {
    const store = new StubStore();
    const harness = await learned(store);
    harness.clock.advance(1_000);
    await harness.settle();
    for (let i = 0; i < 49; i++) {
      harness.stream.push("Backend", [backendOf("web", `v${i}`)]);
      harness.clock.advance(100);
      await harness.settle();
    }
    assert.equal(store.writes, 1);
    harness.clock.advance(100);
    await harness.settle();
    assert.equal(store.writes, 2);
    harness.clock.advance(60_000);
    await harness.settle();
    assert.equal(store.writes, 2);
  });

  it("is written once more for what changed during a write", async () => {
    const store = new StubStore();
    const harness = await learned(store);
    harness.clock.advance(1_000);
    harness.stream.push("Backend", [backendOf("web", "2")]);
    await harness.settle();
    assert.deepEqual(store.content[1]?.version, "1");
    harness.clock.advance(5_000);
    await harness.settle();
    assert.deepEqual(store.content[1]?.version, "2");
  });

  it("keeps the old Frontend while a new one waits, and loses what is forgotten", async () => {
    const store = new StubStore();
    const harness = await learned(store);
    harness.stream.push("Frontend", [frontendOf(WEB, "v2")]);
    harness.clock.advance(1_000);
    await harness.settle();
    assert.deepEqual(
      store.content.map(({ name, version }) => `${name}@${version}`),
      ["self@1", "web@1", `${WEB}@web`],
    );
    harness.client.forget([WEB]);
    harness.clock.advance(10_000);
    await harness.settle();
    assert.deepEqual(
      store.content.map(({ name }) => name),
      ["self"],
    );
  });

  it("is written at the end, if something changed", async () => {
    const store = new StubStore();
    const harness = await learned(store);
    await harness.client.stop();
    assert.equal(store.writes, 1);
    await harness.client.stop();
    assert.equal(store.writes, 1);
  });

  it("tells once of what keeps it from being written, and does not stop anything", async () => {
    const store = new StubStore();
    store.writeError = new Error("read-only file system");
    const harness = await learned(store);
    for (let i = 0; i < 5; i++) {
      harness.stream.push("Backend", [backendOf("web", `v${i}`)]);
      harness.clock.advance(5_000);
      await harness.settle();
    }
    const told = (): number => harness.log.lines.filter((line) => line.includes("read-only")).length;
    assert.deepEqual([told(), harness.client.statistics.snapshotsFailed], [1, 5]);
    store.writeError = undefined;
    harness.stream.push("Backend", [backendOf("web", "good")]);
    harness.clock.advance(5_000);
    await harness.settle();
    store.writeError = new Error("read-only file system");
    harness.stream.push("Backend", [backendOf("web", "bad")]);
    harness.clock.advance(5_000);
    await harness.settle();
    assert.deepEqual([told(), store.content[1]?.version], [2, "good"]);
  });
});

const anyResource = fc.record(
  {
    type: fc.constantFrom(...RESOURCE_TYPES),
    name: fc.string(),
    version: fc.string(),
    bytes: fc.uint8Array({ maxLength: 40 }),
  },
  { noNullPrototype: true },
);

describe("the snapshot's file format", () => {
  it("gives back what was put in", () => {
    fc.assert(
      fc.property(fc.array(anyResource), (resources) => {
        assert.deepEqual(decodeSnapshot(encodeSnapshot(resources)), { kind: "ok", value: resources });
      }),
    );
  });

  it("tells of any change to it", () => {
    const whole = encodeSnapshot([stored("Backend", backendOf("web"))]);
    for (let i = 0; i < whole.length; i++) {
      const damaged = Uint8Array.from(whole, (byte, at) => (at === i ? byte ^ 1 : byte));
      assert.equal(decodeSnapshot(damaged).kind, "invalid", `byte ${i}`);
      assert.equal(decodeSnapshot(whole.subarray(0, i)).kind, "invalid", `${i} bytes`);
    }
  });

  it("takes any bytes", () => {
    const head = encodeSnapshot([]).subarray(0, 21);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.equal(decodeSnapshot(bytes).kind, "invalid");
        assert.equal(decodeSnapshot(Buffer.concat([head, bytes])).kind, "invalid");
      }),
    );
  });

  it("is refused where the checksum is right and the content is not", () => {
    const content = Uint8Array.of(0x0a, 0x7f);
    const head = encodeSnapshot([]).subarray(0, 21);
    const bytes = Buffer.concat([head, createHash("sha256").update(content).digest(), content]);
    assert.deepEqual(decodeSnapshot(bytes), {
      kind: "invalid",
      problems: [{ path: "", message: "is malformed" }],
    });
  });

  it("passes over types that this version does not know", () => {
    const old = encodeSnapshot([]);
    const entry = { type: "Backend", name: "b", version: "1", resource: new Uint8Array(1) };
    const content = Snapshot.encode({ resources: [{ ...entry, type: "New" }, entry] }).finish();
    const bytes = Buffer.concat([
      old.subarray(0, 21),
      createHash("sha256").update(content).digest(),
      content,
    ]);
    assert.deepEqual(decodeSnapshot(bytes), {
      kind: "ok",
      value: [{ type: "Backend", name: "b", version: "1", bytes: new Uint8Array(1) }],
    });
  });
});

describe("the snapshot's file", () => {
  let folder: string;
  let path: string;
  const resources = [stored("Backend", backendOf("web"))];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eastbound-snapshot-"));
    path = join(folder, "snapshot");
  });

  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  it("keeps what is written, for its owner alone", async () => {
    const file = new SnapshotFile(path);
    assert.deepEqual(file.read(), []);
    await file.write(resources);
    assert.deepEqual(new SnapshotFile(path).read(), resources);
    await file.write([]);
    assert.deepEqual(new SnapshotFile(path).read(), []);
    assert.equal(existsSync(`${path}.new`), false);
  });

  it("is written over what a crash left half", async () => {
    writeFileSync(`${path}.new`, "half a snapsh");
    const file = new SnapshotFile(path);
    assert.deepEqual(file.read(), []);
    await file.write(resources);
    assert.deepEqual(file.read(), resources);
  });

  it("keeps the last one where the next is too large", async () => {
    const file = new SnapshotFile(path);
    await file.write(resources);
    const large = { ...stored("Backend", backendOf("large")), bytes: new Uint8Array(17 * 1_048_576) };
    await assert.rejects(file.write([large]), /too large/);
    assert.deepEqual(file.read(), resources);
  });

  for (const { name, content, message } of [
    { name: "empty", content: Buffer.alloc(0), message: /is no snapshot/ },
    { name: "something else", content: Buffer.from("apiVersion: v1"), message: /is no snapshot/ },
    {
      name: "of another version",
      content: Buffer.from("eastbound snapshot 2\nwhatever"),
      message: /is of another version/,
    },
    {
      name: "damaged",
      content: Buffer.from(`eastbound snapshot 1\n${"x".repeat(50)}`),
      message: /is damaged/,
    },
    { name: "too large", content: Buffer.alloc(17 * 1_048_576), message: /is too large/ },
  ]) {
    it(`is not read where it is ${name}`, () => {
      writeFileSync(path, content);
      assert.throws(() => new SnapshotFile(path).read(), message);
    });
  }

  it("says why it can't be read or written", async () => {
    const inside = new SnapshotFile(join(path, "below-a-file"));
    writeFileSync(path, "a file");
    assert.throws(() => inside.read(), /ENOTDIR/);
    await assert.rejects(inside.write(resources), /ENOTDIR/);
    assert.equal(readFileSync(path, "utf8"), "a file");
  });
});
