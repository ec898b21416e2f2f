import type { ControllerClock } from "../../../src/controller/clock.ts";
import type { ControllerLog } from "../../../src/controller/controller-log.ts";
import { type Election, startElection } from "../../../src/controller/election/election.ts";
import { electionLimits } from "../../../src/controller/election/election-limits.ts";
import type {
  LeaseAnswer,
  LeasePort,
  LeaseRecord,
  StoredLease,
} from "../../../src/controller/election/lease-port.ts";
import type { SimulatedTime } from "../../support/simulated-time.ts";

export const quiet: ControllerLog = {
  info: () => undefined,
  warn: () => undefined,
  limited: () => undefined,
};

/** An API server with one Lease. */
export class LeaseServer {
  lease: StoredLease | undefined;
  #version = 0;

  read(): LeaseAnswer {
    return this.lease === undefined ? { kind: "absent" } : { kind: "lease", lease: this.lease };
  }

  create(record: LeaseRecord): LeaseAnswer {
    return this.lease === undefined ? this.#store(record) : { kind: "conflict" };
  }

  replace(record: LeaseRecord, resourceVersion: string): LeaseAnswer {
    if (this.lease === undefined) return { kind: "absent" };
    if (this.lease.resourceVersion !== resourceVersion) return { kind: "conflict" };
    // A write that changes nothing makes no new version.
    return JSON.stringify(record) === JSON.stringify(this.lease.record) ? this.read() : this.#store(record);
  }

  remove(): void {
    this.lease = undefined;
  }

  /** Somebody's edit that has nothing to do with the election. */
  touch(): void {
    if (this.lease !== undefined) this.#store(this.lease.record);
  }

  #store(record: LeaseRecord): LeaseAnswer {
    this.lease = { record, resourceVersion: `${++this.#version}` };
    return { kind: "lease", lease: this.lease };
  }
}

/** What may happen to a request; each is asked anew for each request. */
export interface Network {
  /** Milliseconds; undefined: it never arrives. */
  readonly requestDelay: () => number | undefined;
  readonly answerDelay: () => number | undefined;
}

export const fastNetwork: Network = { requestDelay: () => 1, answerDelay: () => 1 };

export interface ReplicaOptions {
  readonly time: SimulatedTime;
  readonly server: LeaseServer;
  readonly network: Network;
  readonly name: string;
  /** How fast its clock goes: about 1. */
  readonly rate?: number;
  readonly wallTime?: () => number;
  readonly random?: () => number;
  /** How long a leader's write is under way; as any request by default. */
  readonly writeDelay?: () => number | undefined;
  /** Told of each write of the leader when it reaches the server. */
  readonly onWrite?: (term: string) => void;
  readonly log?: ControllerLog;
}

/** A process that takes part in the election and, while it leads, writes five times a second. */
export class Replica {
  readonly name: string;
  readonly election: Election;
  readonly #options: ReplicaOptions;
  readonly #missed: (() => void)[] = [];
  #isPaused = false;
  #isGone = false;
  #terms = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.name = options.name;
    this.election = startElection({
      leases: this.#port(),
      identity: options.name,
      clock: this.#clock(),
      random: options.random ?? (() => 0.5),
      log: options.log ?? quiet,
      lead: (signal, mayWrite) => this.#work(signal, mayWrite),
    });
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** As SIGSTOP: nothing of it runs, but its clock goes on. */
  pause(): void {
    this.#isPaused = true;
  }

  /** All that fell due runs now. */
  resume(): void {
    this.#isPaused = false;
    for (const run of this.#missed.splice(0)) this.#options.time.after(0, () => this.#deliver(run));
  }

  /** As SIGKILL. */
  kill(): void {
    this.#isGone = true;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  #deliver(run: () => void): void {
    if (this.#isGone) return;
    if (this.#isPaused) this.#missed.push(run);
    else run();
  }

  #clock(): ControllerClock {
    const { time, rate = 1, wallTime = () => time.nowMs } = this.#options;
    return {
      now: () => time.nowMs * rate,
      wallTime,
      startTimer: (callback, delayMs) => {
        let isWanted = true;
        const run = (): void => {
          if (isWanted) callback();
        };
        const cancel = time.after(delayMs / rate, () => this.#deliver(run));
        const stop = (): void => {
          isWanted = false;
          cancel();
        };
        return { stop };
      },
    };
  }

  /** Sends to the server and back as the network will; what the server does can't be called back. */
  #send<T>(call: () => T): Promise<T> {
    const { network, time } = this.#options;
    const { promise, resolve } = Promise.withResolvers<T>();
    const thereMs = network.requestDelay();
    if (thereMs === undefined) return promise;
    time.after(thereMs, () => {
      const answer = call();
      const backMs = network.answerDelay();
      if (backMs !== undefined) time.after(backMs, () => this.#deliver(() => resolve(answer)));
    });
    return promise;
  }

  #port(): LeasePort {
    const { server } = this.#options;
    return {
      read: () => this.#send(() => server.read()),
      create: (record) => this.#send(() => server.create(record)),
      replace: (record, version) => this.#send(() => server.replace(record, version)),
    };
  }

  async #work(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    const { network, onWrite, time, writeDelay = network.requestDelay } = this.#options;
    const term = `${this.name}/${++this.#terms}`;
    const clock = this.#clock();
    let lastMs = clock.now();
    while (!signal.aborted) {
      if (mayWrite()) {
        lastMs = clock.now();
        const delayMs = writeDelay();
        const { writeTimeoutMs } = electionLimits;
        if (delayMs !== undefined && delayMs <= writeTimeoutMs) time.after(delayMs, () => onWrite?.(term));
      }
      await wait(clock, 200, signal);
    }
    // What is still under way ends within its time.
    const restMs = lastMs + electionLimits.writeTimeoutMs - clock.now();
    if (restMs > 0) await wait(clock, restMs);
  }
}

function wait(clock: ControllerClock, ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.startTimer(resolve, ms);
  signal?.addEventListener("abort", () => {
    timer.stop();
    resolve();
  });
  return promise;
}
