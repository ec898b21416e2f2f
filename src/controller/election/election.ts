import { messageOf } from "../../resources/error-message.ts";
import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { Sleeper } from "../sleeper.ts";
import { type ElectionLimits, electionLimits } from "./election-limits.ts";
import type { LeaseAnswer, LeasePort, LeaseRecord, StoredLease } from "./lease-port.ts";
import { LeaseWatcher } from "./lease-watcher.ts";

export interface ElectionOptions {
  readonly leases: LeasePort;
  /** No other process may ever use it, not even the same container started anew: pod name and a random part. */
  readonly identity: string;
  /**
   * The leader's work; it lasts until `signal` aborts and is over when it resolves. `mayWrite` is asked right before each
   * write: a process that stood still may have lost the Lease without a timer having fired. A write's request must
   * end within `limits.writeTimeoutMs`.
   */
  readonly lead: (signal: AbortSignal, mayWrite: () => boolean) => Promise<void>;
  readonly clock: ControllerClock;
  /** Spreads the replicas' requests: from 0 up to 1. */
  readonly random: () => number;
  readonly log: ControllerLog;
  readonly limits?: ElectionLimits;
}

/** One replica's part in the election of a leader. */
export interface Election {
  readonly isLeading: boolean;
  /** Who leads, as far as this replica knows; "" for nobody. */
  readonly leader: string;
  /** Ends the leader's work, gives the Lease back once that is over, and takes no further part. Never rejects. */
  stop(): Promise<void>;
}

/** Takes part in the election of a leader from now on. */
export function startElection(options: ElectionOptions): Election {
  const candidate = new Candidate(options);
  const done = candidate.run();
  return {
    get isLeading() {
      return candidate.isLeading;
    },
    get leader() {
      return candidate.leader;
    },
    async stop() {
      candidate.stop();
      await done;
    },
  };
}

/** The API server counts in 32 bits. */
const MAX_TRANSITIONS = 2 ** 31 - 1;

/** What was held when, as `deadlineMs` of this process' clock. */
interface Term {
  lease: StoredLease;
  deadlineMs: number;
  readonly abort: AbortController;
}

class Candidate {
  readonly #options: ElectionOptions;
  readonly #limits: ElectionLimits;
  readonly #watcher: LeaseWatcher;
  #term: Term | undefined;
  #isStopping = false;
  readonly #sleeper: Sleeper;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#sleeper = new Sleeper(options.clock);
    this.#limits = options.limits ?? electionLimits;
    this.#watcher = new LeaseWatcher(this.#limits.durationMs);
  }

  get isLeading(): boolean {
    return this.#term !== undefined && this.#isInForce(this.#term);
  }

  get leader(): string {
    return this.isLeading ? this.#options.identity : this.#watcher.holder;
  }

  stop(): void {
    this.#isStopping = true;
    this.#term?.abort.abort();
    this.#sleeper.wake();
  }

  async run(): Promise<void> {
    while (!this.#isStopping) {
      const term = await this.#acquire();
      if (term !== undefined) await this.#lead(term);
      if (!this.#isStopping)
        await this.#sleeper.sleep(this.#limits.pollMs * (0.8 + 0.4 * this.#options.random()));
    }
  }

  /** Takes the Lease if it is free. */
  async #acquire(): Promise<Term | undefined> {
    const { clock, leases } = this.#options;
    const found = await this.#ask((signal) => leases.read(signal));
    if (found.kind === "failed") this.#warn("can't read the Lease", found.message);
    if (found.kind === "failed" || found.kind === "conflict") return undefined;
    const lease = found.kind === "lease" ? found.lease : undefined;
    if (lease !== undefined) this.#watcher.see(lease.record, clock.now());
    const isOurs = lease?.record.holder === this.#options.identity;
    if (this.#isStopping || (!isOurs && this.#watcher.heldForMs(clock.now()) > 0)) return undefined;

    const sentMs = clock.now();
    const record = this.#nextRecord(lease?.record, isOurs ? 0 : 1);
    const taken = await this.#ask((signal) => this.#write(record, lease, signal));
    if (taken.kind === "failed") this.#warn("can't take the Lease", taken.message);
    if (taken.kind !== "lease") return undefined;
    this.#watcher.see(taken.lease.record, clock.now());
    return { lease: taken.lease, deadlineMs: sentMs + this.#limits.leadMs, abort: new AbortController() };
  }

  #write(record: LeaseRecord, over: StoredLease | undefined, signal: AbortSignal): Promise<LeaseAnswer> {
    const { leases } = this.#options;
    return over === undefined
      ? leases.create(record, signal)
      : leases.replace(record, over.resourceVersion, signal);
  }

  /** Works and renews until the term is lost, the work ends or this replica stops. */
  async #lead(term: Term): Promise<void> {
    const { identity, log } = this.#options;
    if (this.#isStopping || !this.#isInForce(term)) return await this.#release(term);
    this.#term = term;
    log.info("leading", { identity, transitions: term.lease.record.transitions });
    let isWorking = true;
    const work = this.#work(term).finally(() => {
      isWorking = false;
      this.#sleeper.wake();
    });
    const hasEnded = (): boolean => !isWorking || term.abort.signal.aborted;
    const disarm = this.#armDeadline(term);
    let hasRenewed = true;
    while (!hasEnded()) {
      await this.#sleeper.sleep(hasRenewed ? this.#limits.renewMs : this.#limits.pollMs);
      hasRenewed = hasEnded() || (await this.#renew(term));
    }
    disarm();
    term.abort.abort();
    await work;
    this.#term = undefined;
    log.info("leading no longer", { identity });
    await this.#release(term);
  }

  async #work(term: Term): Promise<void> {
    try {
      await this.#options.lead(term.abort.signal, () => this.#isInForce(term));
    } catch (error) {
      const message = messageOf(error);
      this.#options.log.warn("the leader's work failed", { error: message });
    }
  }

  #isInForce(term: Term): boolean {
    return !term.abort.signal.aborted && this.#options.clock.now() < term.deadlineMs;
  }

  /** Aborts the work when the deadline has passed without a renewal. Returns what ends this. */
  #armDeadline(term: Term): () => void {
    const { clock } = this.#options;
    const check = (): void => {
      if (clock.now() < term.deadlineMs) timer = arm();
      else this.#lose(term, "it could not be renewed in time");
    };
    const arm = (): { stop(): void } => clock.startTimer(check, Math.max(0, term.deadlineMs - clock.now()));
    let timer = arm();
    return () => timer.stop();
  }

  #lose(term: Term, reason: string): void {
    if (term.abort.signal.aborted) return;
    this.#options.log.warn("lost the Lease", { reason, holder: this.#watcher.holder });
    term.abort.abort();
    this.#sleeper.wake();
  }

  /** Returns whether the term goes on as long as it can. */
  async #renew(term: Term): Promise<boolean> {
    const { clock, leases } = this.#options;
    const sentMs = clock.now();
    const record = this.#nextRecord(term.lease.record, 0);
    const renewed = await this.#ask((signal) => leases.replace(record, term.lease.resourceVersion, signal));
    if (renewed.kind === "lease") this.#extend(term, renewed.lease, sentMs);
    if (renewed.kind === "failed") this.#warn("can't renew the Lease", renewed.message);
    if (renewed.kind === "lease" || renewed.kind === "failed") return renewed.kind === "lease";
    return this.#isInForce(term) && (await this.#recover(term));
  }

  /** Finds out what became of the Lease: an own write whose answer was lost, somebody's edit, or another holder. */
  async #recover(term: Term): Promise<boolean> {
    const { clock, identity, leases } = this.#options;
    const found = await this.#ask((signal) => leases.read(signal));
    if (found.kind === "lease") this.#watcher.see(found.lease.record, clock.now());
    if (found.kind === "lease" && found.lease.record.holder !== identity) {
      this.#lose(term, "somebody else has taken it");
      return false;
    }
    if (found.kind === "conflict" || found.kind === "failed" || !this.#isInForce(term)) return false;
    const lease = found.kind === "lease" ? found.lease : undefined;
    const sentMs = clock.now();
    const record = this.#nextRecord(lease?.record ?? term.lease.record, 0);
    const taken = await this.#ask((signal) => this.#write(record, lease, signal));
    if (taken.kind === "lease") this.#extend(term, taken.lease, sentMs);
    return taken.kind === "lease";
  }

  #extend(term: Term, lease: StoredLease, sentMs: number): void {
    term.lease = lease;
    // After the end, nothing brings a term back: its work may have been told to stop.
    if (this.#isInForce(term)) term.deadlineMs = sentMs + this.#limits.leadMs;
    this.#watcher.see(lease.record, this.#options.clock.now());
  }

  /** Gives the Lease back, if it is still ours, so that the next leader need not wait for its end. */
  async #release(term: Term): Promise<void> {
    const { leases } = this.#options;
    const record = { ...this.#nextRecord(term.lease.record, 0), holder: "", durationSeconds: 1 };
    const released = await this.#ask((signal) => leases.replace(record, term.lease.resourceVersion, signal));
    if (released.kind === "lease") this.#watcher.see(released.lease.record, this.#options.clock.now());
    if (released.kind === "failed") this.#warn("can't give the Lease back", released.message);
  }

  #nextRecord(last: LeaseRecord | undefined, transitions: 0 | 1): LeaseRecord {
    const lastRenewal = Date.parse(last?.renewTime ?? "");
    const wall = this.#options.clock.wallTime();
    // A renewal that changes nothing would not be seen by the others: a clock that was set back must not stop them.
    const isSameTime = !Number.isNaN(lastRenewal) && Math.trunc(lastRenewal) === Math.trunc(wall);
    const renewTime = new Date(isSameTime ? wall + 1 : wall).toISOString();
    // Anybody may have edited the Lease: what is written must be what the API server takes.
    const acquireTime = transitions > 0 || !last?.acquireTime ? renewTime : last.acquireTime;
    const count = last === undefined ? 0 : last.transitions + transitions;
    return {
      holder: this.#options.identity,
      durationSeconds: Math.ceil(this.#limits.durationMs / 1_000),
      acquireTime,
      renewTime,
      transitions: count >= 0 && count <= MAX_TRANSITIONS ? count : 0,
    };
  }

  /** One request, bounded in time whatever the port does. */
  async #ask(call: (signal: AbortSignal) => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    const { clock } = this.#options;
    const { requestTimeoutMs } = this.#limits;
    const abort = new AbortController();
    const late = Promise.withResolvers<LeaseAnswer>();
    const timer = clock.startTimer(() => {
      abort.abort();
      late.resolve({ kind: "failed", message: `no answer within ${requestTimeoutMs} ms` });
    }, requestTimeoutMs);
    const answer = await Promise.race([call(abort.signal), late.promise]);
    timer.stop();
    return answer;
  }

  #warn(message: string, error: string): void {
    // Where a right is missing, this comes each second.
    this.#options.log.limited("warn", message, "", { error });
  }
}
