import assert from "node:assert/strict";
import { OverloadGuard } from "../../src/proxy/overload-guard.ts";
import { TimerWheel } from "../../src/proxy/timer-wheel.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { answering, RawClient, startHarness, startRawServer } from "../support/proxy-harness.ts";

const limits = { shedDelayMs: 100, shedAfterMs: 1_000, shedMemoryPercent: 85 };

describe("OverloadGuard", () => {
  let clock: ManualClock;
  let guard: OverloadGuard;
  let memoryPercent: number;
  let readings: number;
  const changes: boolean[] = [];

  beforeEach(() => {
    clock = new ManualClock();
    memoryPercent = 50;
    readings = 0;
    changes.length = 0;
    guard = new OverloadGuard({
      limits,
      now: () => clock.now(),
      wheel: new TimerWheel(clock),
      memoryPercent: () => {
        readings++;
        return memoryPercent;
      },
      onChange: (isShedding) => changes.push(isShedding),
    });
  });

  /** A request each 20 ms, with so many others under way. */
  const load = (ms: number, underWay: number): boolean => {
    let isRefused = false;
    for (let i = 0; i < ms / 20; i++) {
      isRefused = guard.refuses(underWay);
      clock.advance(20);
    }
    return isRefused;
  };

  it("refuses what is too much while the memory is short, and tells when that begins and ends", () => {
    assert.equal(load(2_000, 200), false);
    memoryPercent = 90;
    assert.equal(load(2_300, 200), true);
    assert.equal(guard.refuses(64), false);
    memoryPercent = 50;
    assert.equal(load(4_000, 200), false);
    assert.deepEqual(changes, [true, false]);
  });

  it("refuses what is too much while the event loop is late", () => {
    for (let i = 0; i < 20; i++) {
      guard.refuses(200);
      clock.stall(200);
      clock.advance(0);
    }
    assert.equal(guard.refuses(200), true);
  });

  it("reads the memory once a second", () => {
    load(10_000, 1);
    assert.ok(readings >= 8 && readings <= 10, String(readings));
  });

  it("wakes nobody without requests, and begins anew after that", () => {
    memoryPercent = 90;
    load(3_000, 200);
    assert.equal(guard.refuses(200), true);
    clock.advance(200);
    assert.equal(clock.timers, 0);
    assert.deepEqual(changes, [true, false]);
    assert.equal(guard.refuses(200), false);
  });
});

describe("a proxy that is short of memory", () => {
  it("answers what is too much 503, and goes on with what is under way", async () => {
    const answer = answering("HTTP/1.1 204 No Content\r\n\r\n");
    await using server = await startRawServer((socket) => {
      socket.once("data", (head: Buffer) => {
        if (head.includes("/held")) return;
        answer(socket);
        socket.emit("data", head);
      });
    });
    let memoryPercent = 0;
    await using proxy = await startHarness({
      backends: { "app/web:80": [server.port] },
      limits: { shedAfterMs: 100 },
      memoryPercent: () => memoryPercent,
    });
    const held = Array.from({ length: 200 }, () => new RawClient(proxy.port));
    for (const client of held) client.send("GET /held HTTP/1.1\r\nHost: web\r\n\r\n");
    const ask = async (): Promise<string> => {
      await using client = new RawClient(proxy.port);
      client.send("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n");
      return await client.until((received) => received.endsWith("\r\n\r\n"));
    };
    assert.match(await ask(), /^HTTP\/1\.1 204 /);
    memoryPercent = 99;
    let refused = await ask();
    while (refused.startsWith("HTTP/1.1 204 ")) refused = await ask();
    assert.match(refused, /^HTTP\/1\.1 503 /);
    assert.match(refused, /\r\nRetry-After: 1\r\n/);
    assert.ok(proxy.telemetry.count("failures", "overload") > 0);
    assert.ok(held.every((client) => client.received === "" && client.closedBy === undefined));
    for (const client of held) client.socket.resetAndDestroy();
    await proxy.quiet();
    assert.match(await ask(), /^HTTP\/1\.1 204 /);
  });
});
