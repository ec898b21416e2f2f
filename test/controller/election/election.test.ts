import assert from "node:assert/strict";
import { type Election, startElection } from "../../../src/controller/election/election.ts";
import type { LeaseAnswer, LeaseRecord } from "../../../src/controller/election/lease-port.ts";
import { SimulatedTime, simulatedClock } from "../../support/simulated-time.ts";
import { fastNetwork, LeaseServer, type Network, quiet, Replica } from "./simulated-cluster.ts";

const theirs: LeaseRecord = {
  holder: "somebody",
  durationSeconds: 15,
  acquireTime: "2001-01-01T00:00:00.000000Z",
  renewTime: "2001-01-01T00:00:00.000000Z",
  transitions: 3,
};

describe("election", () => {
  let time: SimulatedTime;
  let server: LeaseServer;

  beforeEach(() => {
    time = new SimulatedTime();
    server = new LeaseServer();
  });

  const replica = (name: string, more: Partial<ConstructorParameters<typeof Replica>[0]> = {}): Replica =>
    new Replica({ time, server, network: fastNetwork, name, ...more });

  /** Lets time go by until `isSo`; returns how long that took. */
  async function until(isSo: () => boolean, stepMs = 10): Promise<number> {
    const startMs = time.nowMs;
    while (!isSo() && time.nowMs - startMs < 1_000_000) await time.pass(stepMs);
    return time.nowMs - startMs;
  }

  it("takes a Lease that isn't there at once", async () => {
    const a = replica("a", { wallTime: () => 0 });
    await time.pass(100);
    assert.ok(a.election.isLeading);
    assert.deepEqual(server.lease?.record, {
      holder: "a",
      durationSeconds: 15,
      acquireTime: "1970-01-01T00:00:00.000Z",
      renewTime: "1970-01-01T00:00:00.000Z",
      transitions: 0,
    });
  });

  it("leaves another's Lease alone until it has not changed for its duration, by this clock", async () => {
    server.create(theirs);
    const a = replica("a");
    const tookMs = await until(() => a.election.isLeading);
    assert.ok(tookMs >= 15_000 && tookMs <= 16_500, `${tookMs}`);
    assert.equal(server.lease?.record.transitions, 4);
  });

  for (const { durationSeconds, atLeastMs, atMostMs, why } of [
    { durationSeconds: 1, atLeastMs: 15_000, atMostMs: 16_500, why: "at least our own" },
    { durationSeconds: 60, atLeastMs: 60_000, atMostMs: 61_500, why: "what the holder asks for" },
    { durationSeconds: 1e9, atLeastMs: 600_000, atMostMs: 601_500, why: "ten minutes at most" },
  ]) {
    it(`waits for a holder's ${durationSeconds} s: ${why}`, async () => {
      server.create({ ...theirs, durationSeconds });
      const a = replica("a");
      const tookMs = await until(() => a.election.isLeading, 100);
      assert.ok(tookMs >= atLeastMs && tookMs <= atMostMs, `${tookMs}`);
    });
  }

  it("never takes a Lease that its holder goes on renewing, be its clock what it may", async () => {
    const a = replica("a", { wallTime: () => 4_000 });
    await time.pass(100);
    const b = replica("b", { wallTime: () => 1e12 + time.nowMs });
    await time.pass(100_000, () => assert.ok(a.election.isLeading && !b.election.isLeading));
    assert.equal(b.election.leader, "a");
  });

  it("is taken over within 17 s when the leader dies", async () => {
    const a = replica("a");
    await time.pass(100);
    const b = replica("b");
    await time.pass(5_000);
    a.kill();
    const tookMs = await until(() => b.election.isLeading);
    assert.ok(tookMs >= 13_000 && tookMs < 17_000, `${tookMs}`);
  });

  it("hands over within 1.5 s after the leader's last write is over", async () => {
    const writes: string[] = [];
    const onWrite = (term: string): void => void writes.push(term);
    // Its writes take as long as they may.
    const a = replica("a", { writeDelay: () => 3_900, onWrite });
    await until(() => a.election.isLeading);
    const b = replica("b", { onWrite });
    await time.pass(9_000);
    const stopped = a.election.stop();
    assert.ok(!a.election.isLeading);
    const tookMs = await until(() => b.election.isLeading);
    assert.ok(tookMs >= 3_900 && tookMs <= 6_000, `${tookMs}`);
    await stopped;
    await time.pass(5_000);
    assert.deepEqual([...new Set(writes)], ["a/1", "b/1"]);
    assert.ok(!writes.slice(writes.indexOf("b/1")).includes("a/1"));
  });

  it("stops in time when the API server can't be reached, and leads again after", async () => {
    let isUp = true;
    const network: Network = { requestDelay: () => (isUp ? 1 : undefined), answerDelay: () => 1 };
    const a = replica("a", { network });
    await time.pass(1_000);
    isUp = false;
    const tookMs = await until(() => !a.election.isLeading);
    assert.ok(tookMs > 7_000 && tookMs <= 10_000, `${tookMs}`);
    await time.pass(600_000);
    assert.equal(a.election.leader, "a", "as far as it knows");
    isUp = true;
    assert.ok((await until(() => a.election.isLeading)) < 4_000);
  });

  it("goes on when only the answer to a renewal was lost", async () => {
    let lost = 0;
    const answerDelay = (): number | undefined => (lost > 0 && lost-- > 0 ? undefined : 1);
    const a = replica("a", { network: { ...fastNetwork, answerDelay } });
    await time.pass(1_000);
    lost = 1;
    await time.pass(60_000, () => assert.ok(a.election.isLeading));
    assert.equal(server.lease?.record.transitions, 0);
  });

  it("goes on when somebody edits the Lease's labels", async () => {
    const a = replica("a");
    await time.pass(1_000);
    server.touch();
    await time.pass(60_000, () => assert.ok(a.election.isLeading));
  });

  it("stops at its next renewal when somebody else holds the Lease", async () => {
    const a = replica("a");
    await time.pass(1_000);
    server.lease = { record: theirs, resourceVersion: "99" };
    assert.ok((await until(() => !a.election.isLeading)) <= 2_010);
    assert.equal(a.election.leader, "somebody");
  });

  it("makes the Lease anew when it is deleted, and the others wait as if it were there", async () => {
    const a = replica("a");
    await time.pass(100);
    const b = replica("b");
    await time.pass(3_000);
    server.remove();
    await time.pass(60_000, () => assert.ok(a.election.isLeading && !b.election.isLeading));
    assert.equal(server.lease?.record.holder, "a");

    a.pause();
    server.remove();
    const tookMs = await until(() => b.election.isLeading);
    assert.ok(tookMs > 10_000, `${tookMs}`);
  });

  it("writes nothing after it stood still, even before a timer could fire", async () => {
    let mayWrite: () => boolean = () => false;
    const clock = simulatedClock(time);
    let heldUpMs = 0;
    const election = start({
      clock: { ...clock, now: () => clock.now() + heldUpMs },
      lead: async (signal, may) => {
        mayWrite = may;
        await aborted(signal);
      },
    });
    await time.pass(100);
    assert.ok(mayWrite());
    heldUpMs = 10_000;
    assert.ok(!mayWrite());
    assert.ok(!election.isLeading);
  });

  it("doesn't lead by an answer that came while it stood still", async () => {
    const a = replica("a", { network: { ...fastNetwork, answerDelay: () => 100 } });
    await time.pass(210);
    assert.equal(server.lease?.record.holder, "a");
    a.pause();
    await time.pass(30_000);
    const b = replica("b");
    await time.pass(20_000);
    assert.ok(b.election.isLeading);
    a.resume();
    await time.pass(60_000, () => assert.ok(!a.election.isLeading));
  });

  it("gives the Lease back and tries again when the work fails or ends", async () => {
    let terms = 0;
    const warnings: string[] = [];
    const election = start({
      log: { ...quiet, warn: (message, fields) => warnings.push(`${message}: ${fields?.["error"]}`) },
      lead: (signal) => {
        terms++;
        if (terms === 1) throw new Error("broken");
        return terms === 2 ? Promise.resolve() : aborted(signal);
      },
    });
    await time.pass(5_000);
    assert.equal(terms, 3);
    assert.ok(election.isLeading);
    assert.deepEqual(warnings, ["the leader's work failed: broken"]);
  });

  it("gives back what it got after it was told to stop", async () => {
    const a = replica("a", { network: { requestDelay: () => 100, answerDelay: () => 100 } });
    await time.pass(250);
    const stopped = a.election.stop();
    await time.pass(1_000);
    await stopped;
    assert.ok(!a.election.isLeading);
    assert.equal(server.lease?.record.holder, "");
  });

  it("writes what the API server takes, whatever somebody has made of the Lease", async () => {
    const a = replica("a");
    await time.pass(100);
    const held = server.read() as Extract<LeaseAnswer, { kind: "lease" }>;
    const edited = { ...held.lease.record, acquireTime: "", transitions: 2 ** 31 - 1 };
    server.replace(edited, held.lease.resourceVersion);
    await time.pass(20_000);
    assert.ok(a.election.isLeading);
    assert.notEqual(server.lease?.record.acquireTime, "");
    a.kill();
    replica("b");
    await time.pass(30_000);
    assert.equal(server.lease?.record.holder, "b");
    assert.equal(server.lease?.record.transitions, 0);
  });

  it("says what it can't do", async () => {
    const said = new Set<string>();
    const log = { ...quiet, limited: (_level: string, message: string) => void said.add(message) };
    const failed = (): Promise<{ kind: "failed"; message: string }> =>
      Promise.resolve({ kind: "failed", message: "no" });
    let isRead = true;
    const leases = {
      read: () => (isRead ? failed() : Promise.resolve({ kind: "absent" } as const)),
      create: failed,
      replace: failed,
    };
    const election = start({ leases, log });
    await time.pass(3_000);
    isRead = false;
    await time.pass(3_000);
    assert.deepEqual([...said], ["can't read the Lease", "can't take the Lease"]);
    await Promise.all([election.stop(), time.pass(3_000)]);
  });

  function start(options: Partial<Parameters<typeof startElection>[0]>): Election {
    return startElection({
      leases: {
        read: () => Promise.resolve(server.read()),
        create: (record) => Promise.resolve(server.create(record)),
        replace: (record, version) => Promise.resolve(server.replace(record, version)),
      },
      identity: "a",
      lead: aborted,
      clock: simulatedClock(time),
      random: () => 0.5,
      log: quiet,
      ...options,
    });
  }
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
  });
}
