import type { RouteStatus } from "../../binding/route-status.ts";
import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { type Prepared, WorkQueue, type WorkQueueLimits } from "../work-queue.ts";
import type { ObservedRoute } from "./observed-route.ts";
import type { ConditionChange } from "./plan-conditions.ts";
import { planStatus, type StatusPlan } from "./plan-status.ts";
import type { RouteKind } from "./route-kinds.ts";
import { type RoutePace, RouteState } from "./route-state.ts";
import type { RouteAddress, RouteAnswer, StatusPort } from "./status-port.ts";
import { timestamp } from "./timestamp.ts";

/** Which route an outcome is about. */
export interface WrittenRoute {
  readonly kind: RouteKind;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A status that was written, and what is new in it. */
export interface StatusChange {
  readonly route: WrittenRoute;
  readonly changes: readonly ConditionChange[];
  /** Parents that found no room among those of others. */
  readonly omitted: number;
}

export interface StatusMetrics {
  /** A write and what became of it. */
  wrote(kind: RouteKind, result: "written" | "conflict" | "gone" | "failed"): void;
  /** From the change of what is wanted to its being written. */
  took(kind: RouteKind, ms: number): void;
}

export interface StatusLimits extends WorkQueueLimits, RoutePace {
  /** From a change to its write, so that what changes together is written together. */
  readonly settleMs: number;
}

export const STATUS_LIMITS: StatusLimits = {
  settleMs: 100,
  concurrency: 8,
  perSecond: 100,
  burst: 100,
  routeBurst: 5,
  failureMs: [500, 30_000],
  conflictMs: [10, 5_000],
  repairMs: [1_000, 300_000],
  forgetRepairsMs: 600_000,
};

export interface StatusWriterOptions {
  readonly api: StatusPort;
  readonly clock: ControllerClock;
  /** From 0 up to but not 1. */
  readonly random: () => number;
  readonly log: ControllerLog;
  readonly metrics?: StatusMetrics;
  readonly limits?: StatusLimits;
  /** Called after each write; must not throw. */
  readonly onWritten?: (change: StatusChange) => void;
  /** Somebody keeps changing our entries: called at the third repair and at each one after it; must not throw. */
  readonly onOverwritten?: (route: WrittenRoute, repairs: number) => void;
}

/**
 * Keeps `status.parents` of routes: entries of ours say what is wanted of them, all others stay as they are. Writes only
 * where something differs, and only while `run` is on. What is wanted and seen may be told at any time.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #limits: StatusLimits;
  readonly #routes = new Map<string, RouteState>();
  #run: Run | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? STATUS_LIMITS;
  }

  /** Routes that wait for a look or a write; 0 while not running. */
  get pending(): number {
    return this.#run?.queue.size ?? 0;
  }

  /**
   * What the status of route `key` (`namespace/name`) shall say; undefined: nothing, the route is not ours or is gone.
   * Nothing is done to a route before this was called for it.
   */
  want(kind: RouteKind, key: string, status: RouteStatus | undefined): void {
    const id = idOf(kind, key);
    const state = this.#stateOf(id, kind);
    if (state.want(status, this.#options.clock.now())) this.#touch(id, state, this.#limits.settleMs);
  }

  /** What the API server has; undefined: the route is gone. */
  observe(kind: RouteKind, key: string, route: ObservedRoute | undefined): void {
    const id = idOf(kind, key);
    const state = this.#stateOf(id, kind);
    if (route === undefined) state.observed = undefined;
    else if (!state.observe(route, this.#options.clock.now())) return;
    this.#touch(id, state, this.#limits.settleMs);
  }

  /**
   * Writes until the signal, and resolves when no write is under way any more. `mayWrite` is asked right before each
   * write. It can be run again, but not twice at a time.
   */
  async run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    if (signal.aborted) return;
    const { clock, log } = this.#options;
    const prepare = (id: string): Prepared => this.#prepare(id, run);
    const onDefect = (route: string, error: unknown): void =>
      log.limited("warn", "a defect kept the status of a route from being written", "", {
        route,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    const queue = new WorkQueue({ limits: this.#limits, clock, prepare, onDefect });
    const run: Run = { queue, signal, mayWrite, works: new WorkSet() };
    this.#run = run;
    for (const state of this.#routes.values()) state.changedAt = undefined;
    queue.addAll(this.#routes.keys());
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    queue.close();
    this.#run = undefined;
    await run.works.settled();
  }

  #stateOf(id: string, kind: RouteKind): RouteState {
    return this.#routes.getOrInsertComputed(id, () => new RouteState(kind));
  }

  #touch(id: string, state: RouteState, leastMs: number): void {
    // It may have been forgotten, and made anew, while a write was under way.
    if (this.#routes.get(id) !== state) return;
    if (state.observed === undefined && state.wanted === undefined) this.#routes.delete(id);
    else if (state.observed !== undefined && state.isJudged)
      this.#run?.queue.add(id, Math.max(leastMs, this.#earlyBy(state)));
  }

  #earlyBy(state: RouteState): number {
    return Math.max(0, state.notBefore - this.#options.clock.now());
  }

  /** The write of a route that is due, if there is anything to write. */
  #prepare(id: string, run: Run): Prepared {
    const state = this.#routes.get(id);
    const route = state?.observed;
    if (state === undefined || route === undefined || !state.isJudged) return { kind: "nothing" };
    const earlyBy = this.#earlyBy(state);
    if (earlyBy > 0) return { kind: "later", delayMs: earlyBy };
    const plan = this.#planFor(state, route);
    if (plan.kind !== "patch") return { kind: "nothing" };
    const work = { id, state, route, wanted: state.wanted, plan, run };
    return { kind: "work", start: () => run.works.add(this.#write(work)) };
  }

  #planFor(state: RouteState, route: ObservedRoute): StatusPlan {
    const plan = planStatus(route, state.wanted, { now: timestamp(this.#options.clock.wallTime()) });
    if (plan.kind !== "wait" && plan.omitted > 0) this.#warnOfOmitted(route, plan.omitted);
    if (plan.kind === "nothing") state.changedAt = undefined;
    return plan;
  }

  #warnOfOmitted({ namespace, name }: ObservedRoute, omitted: number): void {
    const route = `${namespace}/${name}`;
    this.#options.log.limited("warn", "no room for our parents in the status of a route", route, {
      route,
      omitted,
    });
  }

  async #write(work: Work): Promise<void> {
    const { id, state, run } = work;
    const waitMs = await this.#attempt(work, ROUNDS);
    state.notBefore = this.#options.clock.now() + waitMs;
    if (run.signal.aborted) return;
    const { observed } = state;
    const isSettled = observed !== undefined && this.#planFor(state, observed).kind !== "patch";
    if (!isSettled) this.#touch(id, state, 0);
  }

  /** Gives how long the route has to wait for its next write (ms). */
  async #attempt(work: Work, rounds: number): Promise<number> {
    const { state, route, plan, run } = work;
    if (run.signal.aborted) return 0;
    if (!run.mayWrite()) return GUARD_MS;
    const { api, clock, metrics } = this.#options;
    const address = addressOf(state.kind, route);
    const answer = await asAnswer(() => api.patch(address, plan.operations, run.signal));
    if (answer.kind !== "refused") return this.#settle(work, answer);
    const fresh = await asAnswer(() => api.read(address, run.signal));
    if (fresh.kind !== "route") return this.#settle(work, fresh);
    state.refresh(fresh.route, clock.now());
    if (fresh.route.resourceVersion === route.resourceVersion)
      return this.#failed(work, { message: answer.message });
    metrics?.wrote(state.kind, "conflict");
    if (rounds === 1) return this.#backoff(this.#limits.conflictMs, ++state.conflicts);
    // At once: where somebody writes all the time, what was read is old in a moment.
    const next = this.#planFor(state, fresh.route);
    if (next.kind !== "patch") return 0;
    return this.#attempt({ ...work, route: fresh.route, wanted: state.wanted, plan: next }, rounds - 1);
  }

  /** Takes note of an outcome. */
  #settle(work: Work, answer: RouteAnswer): number {
    const { state, run } = work;
    switch (answer.kind) {
      case "route":
        return this.#written(work, answer.route);
      case "gone":
        state.observed = undefined;
        this.#options.metrics?.wrote(state.kind, "gone");
        return 0;
      case "failed":
        return run.signal.aborted ? 0 : this.#failed(work, answer);
    }
  }

  #written({ state, wanted, plan }: Work, route: ObservedRoute): number {
    const { clock, log, metrics, onWritten, onOverwritten } = this.#options;
    const now = clock.now();
    const isRepair = state.wrote(route, wanted, now, this.#limits);
    metrics?.wrote(state.kind, "written");
    if (state.changedAt !== undefined) metrics?.took(state.kind, now - state.changedAt);
    if (state.wanted === wanted) state.changedAt = undefined;
    const { namespace, name, uid, version } = route;
    const written: WrittenRoute = { kind: state.kind, version, namespace, name, uid };
    const { changes, omitted } = plan;
    const key = `${namespace}/${name}`;
    onWritten?.({ route: written, changes, omitted });
    const spacing = state.spacingMs(now, this.#limits.routeBurst);
    if (!isRepair) return spacing;
    if (state.repairs >= REPAIRS_TO_WARN) {
      log.limited("warn", "another writer changes our entries in the status of a route", key, { route: key });
      onOverwritten?.(written, state.repairs);
    }
    return Math.max(spacing, this.#backoff(this.#limits.repairMs, state.repairs));
  }

  #failed(
    { id, state }: Work,
    failure: { readonly message: string; readonly retryAfterMs?: number },
  ): number {
    const { message, retryAfterMs = 0 } = failure;
    this.#options.metrics?.wrote(state.kind, "failed");
    // Not by message, which names the route: where a right is missing there are thousands.
    this.#options.log.limited("warn", "can't write the status of a route", "", {
      route: id,
      error: message,
    });
    state.failures++;
    return Math.max(retryAfterMs, this.#backoff(this.#limits.failureMs, state.failures));
  }

  /** Doubles with each time, and is spread over its upper half. */
  #backoff([first, last]: readonly [number, number], times: number): number {
    return Math.min(last, first * 2 ** (times - 1)) * (0.5 + this.#options.random() / 2);
  }
}

interface Run {
  readonly queue: WorkQueue;
  readonly signal: AbortSignal;
  readonly mayWrite: () => boolean;
  readonly works: WorkSet;
}

interface Work {
  readonly id: string;
  readonly state: RouteState;
  readonly route: ObservedRoute;
  readonly wanted: RouteStatus | undefined;
  readonly plan: StatusPlan & { readonly kind: "patch" };
  readonly run: Run;
}

/** The guard says no shortly before the signal comes; should it say yes again, this much later. */
const GUARD_MS = 1_000;

const REPAIRS_TO_WARN = 3;

/** Tries of one write where others write at the same time, before it has to wait. */
const ROUNDS = 3;

/** What is under way. */
class WorkSet {
  readonly #works = new Set<Promise<void>>();

  async add(work: Promise<void>): Promise<void> {
    this.#works.add(work);
    try {
      await work;
    } finally {
      this.#works.delete(work);
    }
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#works);
  }
}

function idOf(kind: RouteKind, key: string): string {
  return `${kind} ${key}`;
}

function addressOf(kind: RouteKind, { version, namespace, name }: ObservedRoute): RouteAddress {
  return { kind, version, namespace, name };
}

async function asAnswer<A>(call: () => Promise<A>): Promise<A | (RouteAnswer & { readonly kind: "failed" })> {
  try {
    return await call();
  } catch (error) {
    return { kind: "failed", message: String(error) };
  }
}
