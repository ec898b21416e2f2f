import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { type Prepared, WorkQueue, type WorkQueueLimits } from "../work-queue.ts";
import type { EventDraft } from "./event-draft.ts";
import type { EventAnswer, EventPort } from "./event-port.ts";
import { EVENT_REASONS } from "./event-reasons.ts";
import { type Happening, happeningKey } from "./happening.ts";
import { HappeningMemory, type MemoryLimits } from "./happening-memory.ts";
import { writeHappening } from "./write-happening.ts";

export interface EventLimits extends WorkQueueLimits, MemoryLimits {
  /** Events that wait to be written; more are dropped. */
  readonly waiting: number;
  /** The same Event is written at most this often; its count says how often it happened. */
  readonly repeatMs: number;
  /** Tries of a write, and the pause after the first one that failed; it doubles. */
  readonly tries: number;
  readonly retryMs: number;
}

export const EVENT_LIMITS: EventLimits = {
  concurrency: 2,
  perSecond: 5,
  burst: 25,
  remembered: 2_000,
  objectBurst: 10,
  objectSeconds: 30,
  waiting: 1_000,
  repeatMs: 60_000,
  tries: 5,
  retryMs: 1_000,
};

export interface EventMetrics {
  recorded(result: "written" | "dropped" | "failed"): void;
}

export interface EventRecorderOptions {
  readonly api: EventPort;
  readonly clock: ControllerClock;
  readonly log: ControllerLog;
  /** Whether Events that are the leader's are this replica's now. */
  readonly isLeading: () => boolean;
  readonly metrics?: EventMetrics;
  readonly limits?: EventLimits;
}

/**
 * Makes Events of what happens, without getting into the way of those who tell it: nothing waits, nothing throws, and
 * what is too much is dropped. On every replica, from its start to its end: `EVENT_REASONS` says which Events come from
 * the leader alone.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #limits: EventLimits;
  readonly #memory: HappeningMemory;
  readonly #queue: WorkQueue;
  readonly #ended = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#limits = options.limits ?? EVENT_LIMITS;
    this.#memory = new HappeningMemory(this.#limits);
    const { clock, log } = options;
    this.#queue = new WorkQueue({
      limits: this.#limits,
      clock,
      prepare: (key) => this.#prepare(key),
      onDefect: (_, error) =>
        log.limited("warn", "a defect kept an Event from being written", "", { error: String(error) }),
    });
  }

  record(draft: EventDraft): void {
    const { clock, isLeading } = this.#options;
    if (this.#ended.signal.aborted) return;
    if (EVENT_REASONS[draft.reason].by === "leader" && !isLeading()) return;
    const now = clock.now();
    const happening = this.#queue.size < this.#limits.waiting ? this.#memory.recall(draft, now) : undefined;
    if (happening === undefined) {
      this.#drop(draft);
      return;
    }
    happening.unwritten++;
    happening.at = clock.wallTime();
    this.#queue.add(happeningKey(draft), Math.max(0, happening.notBefore - now));
  }

  /** Ends at once; what is not written yet is lost. */
  stop(): void {
    this.#ended.abort();
    this.#queue.close();
  }

  #drop({ regarding: { kind, namespace, name } }: EventDraft): void {
    const object = `${kind} ${namespace}/${name}`;
    this.#options.metrics?.recorded("dropped");
    this.#options.log.limited("info", "too many Events", object, { object });
  }

  #prepare(key: string): Prepared {
    const happening = this.#memory.get(key);
    if (happening === undefined || happening.unwritten === 0) return { kind: "nothing" };
    if (happening.kind.by === "leader" && !this.#options.isLeading()) {
      this.#memory.forget(key);
      return { kind: "nothing" };
    }
    return { kind: "work", start: () => this.#write(key, happening) };
  }

  async #write(key: string, happening: Happening): Promise<void> {
    const times = happening.unwritten;
    const { signal } = this.#ended;
    const answer = await writeHappening(this.#options.api, happening, times, signal).catch(
      (error: unknown): EventAnswer => ({ kind: "failed", message: String(error) }),
    );
    if (signal.aborted) return;
    const pauseMs = this.#settle(happening, times, answer);
    if (pauseMs === undefined) {
      this.#memory.forget(key);
      return;
    }
    happening.notBefore = this.#options.clock.now() + pauseMs;
    if (happening.unwritten > 0) this.#queue.add(key, pauseMs);
  }

  /** How long the happening has to wait before it is written again; undefined: it is given up. */
  #settle(happening: Happening, times: number, answer: EventAnswer): number | undefined {
    const { metrics, log } = this.#options;
    const { repeatMs, retryMs, tries } = this.#limits;
    switch (answer.kind) {
      case "event":
        metrics?.recorded("written");
        happening.count = answer.count;
        happening.unwritten -= times;
        happening.failures = 0;
        return repeatMs;
      case "exists":
      case "gone":
        // It went while it was written, or its namespace is about to go.
        metrics?.recorded("dropped");
        return undefined;
      case "failed":
        metrics?.recorded("failed");
        // Not by message, which names the object: where a right is missing there are thousands.
        log.limited("warn", "can't write an Event", "", { error: answer.message });
        return ++happening.failures < tries ? retryMs * 2 ** (happening.failures - 1) : undefined;
    }
  }
}
