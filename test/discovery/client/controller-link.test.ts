import assert from "node:assert/strict";
import { reconnectDelayMs } from "../../../src/discovery/client/reconnect-delay.ts";
import { ReplicaChoice } from "../../../src/discovery/client/replica-choice.ts";
import { ClientHarness } from "./client-harness.ts";

describe("the way to the controller", () => {
  it("tells how it is", async () => {
    const harness = new ClientHarness();
    const createdMs = harness.clock.time;
    const never = { isConnected: false, sinceMs: createdMs, address: undefined, lastError: undefined };
    assert.deepEqual(harness.client.connection, never);
    harness.clock.advance(10);
    const stream = await harness.connected();
    const up = { isConnected: true, sinceMs: createdMs + 10, address: "10.0.0.1", lastError: undefined };
    assert.deepEqual(harness.client.connection, up);
    harness.clock.advance(10);
    stream.end("failed", "connection reset");
    assert.deepEqual(harness.client.connection, {
      isConnected: false,
      sinceMs: createdMs + 20,
      address: "10.0.0.1",
      lastError: "connection reset",
    });
    assert.equal(stream.isClosed, true);
  });

  it("is tried again after a wait that grows while it fails", async () => {
    const harness = new ClientHarness();
    harness.random = [0.999_999];
    harness.client.start();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      await harness.settle();
      harness.stream.end("failed");
      const { time } = harness.clock;
      await harness.reconnect();
      waits.push(Math.round((harness.clock.time - time) / 10) * 10);
    }
    assert.deepEqual(waits, [510, 1_010, 2_010, 4_010, 8_010, 10_010, 10_010, 10_010]);
  });

  it("waits little again after a stream that lasted", async () => {
    const harness = new ClientHarness();
    harness.random = [0.999_999];
    harness.client.start();
    for (let i = 0; i < 4; i++) {
      await harness.settle();
      harness.stream.end("failed");
      await harness.reconnect();
    }
    harness.stream.open();
    harness.clock.advance(10_000);
    harness.stream.end("failed");
    const before = harness.transport.streams.length;
    harness.clock.advance(510);
    await harness.settle();
    assert.equal(harness.transport.streams.length, before + 1);
  });

  it("gives an attempt fifteen seconds", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    await harness.settle();
    harness.clock.advance(14_999);
    assert.equal(harness.stream.isClosed, false);
    harness.clock.advance(1);
    assert.equal(harness.stream.isClosed, true);
    assert.equal(harness.client.connection.lastError, "the controller did not answer in time");
  });

  it("does not heed a stream that it gave up", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    await harness.settle();
    const old = harness.stream;
    harness.clock.advance(15_000);
    old.isClosed = false;
    old.open().push("Self", [{ name: "self", version: "1", content: "zone" }]);
    old.makeRoom();
    old.end("failed");
    assert.deepEqual([harness.sink.places, harness.client.connection.isConnected], [[], false]);
    assert.equal(harness.client.statistics.failedAttempts, 1);
  });

  for (const { name, addresses, error } of [
    { name: "has no addresses", addresses: [], error: "the controller has no addresses" },
    { name: "can't be resolved", addresses: new Error("no such name"), error: "no such name" },
  ]) {
    it(`is tried again when the name ${name}`, async () => {
      const harness = new ClientHarness();
      harness.transport.addresses = addresses;
      harness.client.start();
      await harness.settle();
      assert.equal(harness.client.connection.lastError, error);
      harness.transport.addresses = ["10.0.0.7"];
      const stream = await harness.reconnect();
      assert.equal(stream.open().address, "10.0.0.7");
      assert.equal(harness.client.connection.isConnected, true);
    });
  }

  it("leads to another replica after one failed or asked to go, and to all in turn", async () => {
    const harness = new ClientHarness();
    harness.transport.addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    harness.random = [0];
    harness.client.start();
    for (let i = 0; i < 6; i++) {
      await harness.settle();
      harness.stream.end("failed");
      await harness.reconnect();
    }
    const dialled = harness.transport.streams.map(({ address }) => address);
    const all = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    assert.deepEqual(dialled.slice(0, 6), [...all, ...all]);
  });

  it("is tried at all replicas before the waits grow", async () => {
    const harness = new ClientHarness();
    harness.transport.addresses = ["10.0.0.1", "10.0.0.2"];
    harness.random = [0.999_999];
    harness.client.start();
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await harness.settle();
      harness.stream.end("failed");
      const { time } = harness.clock;
      await harness.reconnect();
      waits.push(Math.round((harness.clock.time - time) / 10) * 10);
    }
    assert.deepEqual(waits, [510, 510, 1_010, 1_010]);
  });

  it("is told of when it is lost, and once a minute while it can't be had", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    stream.end("failed", "reset");
    const lostMs = harness.clock.time;
    while (harness.clock.time < lostMs + 150_000) {
      const next = await harness.reconnect();
      next.end("failed", "refused");
    }
    const warnings = harness.log.lines.filter((line) => line.startsWith("warn"));
    assert.deepEqual(warnings, [
      "warn the connection to the controller is lost; what was learned stays in force: reset",
      "warn the controller can't be reached; what was learned stays in force: refused",
      "warn the controller can't be reached; what was learned stays in force: refused",
    ]);
  });

  it("stops while it is being looked for", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    await harness.client.stop();
    await harness.settle();
    harness.clock.advance(60_000);
    harness.client.start();
    await harness.settle();
    assert.deepEqual([harness.transport.streams, harness.clock.timers], [[], 0]);
  });
});

describe("the wait before a reconnection", () => {
  for (const { rounds, least, most } of [
    { rounds: 0, least: 10, most: 510 },
    { rounds: 3, least: 10, most: 4_010 },
    { rounds: 1_000, least: 10, most: 10_010 },
  ]) {
    it(`lies between ${least} and ${most} ms after ${rounds} rounds`, () => {
      assert.equal(reconnectDelayMs(rounds, 0), least);
      assert.ok(reconnectDelayMs(rounds, 1 - Number.EPSILON) <= most);
      assert.ok(reconnectDelayMs(rounds, 1 - Number.EPSILON) > most - 1);
    });
  }
});

describe("the choice of a replica", () => {
  it("is none without addresses", () => {
    assert.equal(new ReplicaChoice().pick([], 0.5), undefined);
  });

  it("spreads over all", () => {
    const choice = new ReplicaChoice();
    const addresses = ["a", "b", "c", "d"];
    assert.deepEqual(
      [0, 0.3, 0.6, 0.9].map((random) => choice.pick(addresses, random)),
      addresses,
    );
  });

  it("avoids none any more after a reset", () => {
    const choice = new ReplicaChoice();
    choice.avoid("a");
    assert.equal(choice.pick(["a", "b"], 0), "b");
    choice.reset();
    assert.equal(choice.pick(["a", "b"], 0), "a");
  });
});
