import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CoordinationV1Api } from "@kubernetes/client-node";
import { type Election, startElection } from "../../../src/controller/election/election.ts";
import { electionPermissions } from "../../../src/controller/election/election-permissions.ts";
import { createLeaseApi } from "../../../src/controller/election/lease-api.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { cluster } from "../support/cluster.ts";
import type { AnyObject } from "../support/objects.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { quickLimits } from "./quick-election.ts";

const lease = "eastbound-controller";

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly leaseTransitions?: number;
  readonly renewTime?: string;
}

const specOf = (object: AnyObject | undefined): LeaseSpec => object?.["spec"] ?? {};

describe("election on a real API server", () => {
  let namespace: TestNamespace;
  let restricted: RestrictedConfig;
  const elections: Election[] = [];

  beforeEach(async () => {
    namespace = await TestNamespace.create("election");
    restricted = await RestrictedConfig.create(namespace, electionPermissions);
  });
  afterEach(async () => {
    await Promise.all(elections.splice(0).map((election) => election.stop()));
    await restricted[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
  });

  /** One that has no more permissions than it says to need. Tells when it leads, and when it no longer does. */
  function candidate(identity: string, onChange: (isLeading: boolean) => void = () => undefined): Election {
    const api = restricted.config.makeApiClient(CoordinationV1Api);
    const election = startElection({
      leases: createLeaseApi({ api, namespace: namespace.name, name: lease }),
      identity,
      clock: systemClock,
      random: Math.random,
      limits: quickLimits,
      log: { info: () => undefined, warn: () => undefined, limited: () => undefined },
      lead: async (signal) => {
        onChange(true);
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
        onChange(false);
      },
    });
    elections.push(election);
    return election;
  }

  const until = (isWanted: (spec: LeaseSpec) => boolean, what: string): Promise<AnyObject | undefined> =>
    namespace.until("coordination.k8s.io/v1", "Lease", lease, (object) => isWanted(specOf(object)), { what });

  it("makes the Lease, renews it and hands it on, with no more permissions than it names", async () => {
    const first = candidate("first");
    const made = await until((spec) => spec.holderIdentity === "first", "be taken");
    assert.equal(specOf(made).leaseDurationSeconds, 3);
    await until((spec) => spec.renewTime !== specOf(made).renewTime, "be renewed");

    const led = Promise.withResolvers<void>();
    candidate("second", (isLeading) => isLeading && led.resolve());
    const startMs = performance.now();
    await first.stop();
    await led.promise;
    assert.ok(performance.now() - startMs < 1_500, "at once");
    const handed = await until((spec) => spec.holderIdentity === "second", "be handed on");
    assert.equal(specOf(handed).leaseTransitions, 1);
  });

  it("lets one lead and three wait, and says who leads", async () => {
    const leaders: string[] = [];
    const changed = Promise.withResolvers<void>();
    for (const name of ["a", "b", "c", "d"]) {
      candidate(name, (isLeading) => {
        if (isLeading) leaders.push(name);
        changed.resolve();
      });
    }
    await changed.promise;
    const [leader = ""] = leaders;
    const held = await until((spec) => spec.holderIdentity === leader, "be held");
    await until((spec) => spec.renewTime !== specOf(held).renewTime, "be renewed");
    assert.deepEqual(leaders, [leader]);
    assert.equal(elections.filter((election) => election.isLeading).length, 1);
  });

  it("goes on, with all that others wrote on the Lease, when they edit it", async () => {
    const a = candidate("a");
    await until((spec) => spec.holderIdentity === "a", "be taken");
    const reference = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", name: lease };
    const edited = await namespace.objects.patch(
      { ...reference, namespace: namespace.name },
      { metadata: { labels: { edited: "yes" } } },
    );
    const after = await until((spec) => spec.renewTime !== specOf(edited).renewTime, "be renewed");
    assert.equal(after?.metadata.labels?.["edited"], "yes");
    assert.equal(specOf(after).leaseTransitions, 0);
    assert.ok(a.isLeading);
  });

  it("takes over from a program of another make when that is silent", async () => {
    const renewTime = "2030-01-01T00:00:00.123456Z";
    const spec = { holderIdentity: "go", leaseDurationSeconds: 1, renewTime, leaseTransitions: 7 };
    await namespace.apply([
      { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: lease }, spec },
    ]);
    const startMs = performance.now();
    candidate("a");
    const taken = await until((found) => found.holderIdentity === "a", "be taken");
    assert.ok(performance.now() - startMs >= 2_990, "not before our own duration is over");
    assert.equal(specOf(taken).leaseTransitions, 8);
  });

  it("lets no process write that was stopped while another took over", async function () {
    this.timeout(60_000);
    const writes: { readonly by: string; readonly atMs: number }[] = [];
    const processes = ["one", "two"].map((name) => new Candidate(name, namespace.name, writes));
    try {
      const [first] = await Promise.race(processes.map((p) => p.untilWrites(50)));
      const stopped = processes.find((p) => p.name === first?.by);
      const other = processes.find((p) => p.name !== first?.by);
      assert.ok(stopped && other);
      for (let round = 0; round < 3; round++) {
        const [from, to] = round % 2 === 0 ? [stopped, other] : [other, stopped];
        from.child.kill("SIGSTOP");
        await to.untilWrites(200);
        from.child.kill("SIGCONT");
        await to.untilWrites(200);
      }
    } finally {
      for (const { child } of processes) child.kill("SIGCONT");
      await Promise.all(processes.map((p) => p.end()));
    }
    const turns = writes
      .toSorted((a, b) => a.atMs - b.atMs)
      .map((write) => write.by)
      .filter((by, i, all) => by !== all[i - 1]);
    assert.equal(turns.length, 4, `each led in turn, and never both: ${turns.join(", ")}`);
  });
});

/** A candidate as a process of its own. */
class Candidate {
  readonly name: string;
  readonly child: ChildProcess;
  readonly #writes: { readonly by: string; readonly atMs: number }[];
  #onWrite: () => void = () => undefined;

  constructor(name: string, namespace: string, writes: { readonly by: string; readonly atMs: number }[]) {
    this.name = name;
    this.#writes = writes;
    const program = join(import.meta.dirname, "candidate-agent.ts");
    this.child = spawn(process.execPath, [program, cluster().kubeconfig, namespace, lease, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.ok(this.child.stdout);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      writes.push({ by: name, atMs: Number(line.split(" ")[1]) });
      this.#onWrite();
    });
  }

  /** Waits for that many writes from now on. */
  async untilWrites(count: number): Promise<readonly { readonly by: string }[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let missing = count;
    this.#onWrite = () => {
      if (--missing === 0) resolve();
    };
    await promise;
    return this.#writes.filter((write) => write.by === this.name);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}
