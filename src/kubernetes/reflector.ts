import { messageOf } from "../resources/error-message.ts";
import { ApiAttempt } from "./api-attempt.ts";
import { ApiError, errorOfStatus } from "./api-error.ts";
import { resourceName } from "./api-resource.ts";
import { type ObjectChange, type ObjectList, resourceVersionOf } from "./held-objects.ts";
import { listPages, type PageRequest, type PageResult } from "./paged-list.ts";
import type { ReflectorClock } from "./reflector-clock.ts";
import { ReflectorMemory } from "./reflector-memory.ts";
import type { ListReason, ReflectorState, ReflectorStatistics, WatchEnd } from "./reflector-statistics.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { ObjectSelection, WatchApi, WatchEvent, WatchObserver } from "./watch-api.ts";

/** The API server gives a request up after 60 s; longer than that without an object means that nobody is there. */
const LIST_SILENCE_MS = 65_000;
/** The API server answers a watch at once, before its first event. */
const OPENING_SILENCE_MS = 30_000;
/** Bookmarks come once a minute, up to 75 s apart. */
const WATCH_SILENCE_MS = 130_000;
/** The server ends a watch after 5 to 10 minutes, so that watches spread over its replicas. */
const WATCH_SECONDS = 300;
/** A watch that held for this long counts as a success, whatever ended it. */
const PROVEN_MS = 5_000;
/** What stands between two defects in a row. */
const DEFECT_PAUSE_MS = 5_000;
/** After so many watches in a row without a sign of life the version watched from is in doubt. */
const MAX_SILENT_WATCHES = 2;

/** Where a reflector says what happens to it. */
export interface ReflectorLog {
  info(message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number>>): void;
  error(message: string, fields?: Readonly<Record<string, string | number>>): void;
}

export interface ReflectorOptions<T> extends ObjectSelection {
  /**
   * Keeps of an object what is needed; nothing else of it stays in memory. Called once per version of an object.
   * undefined: not of interest, as if deleted. Must not throw: if it does, the object stays as it was and is counted.
   */
  readonly read: (raw: unknown) => T | undefined;
  /** Whether two readings of one object are alike, so that the second is no change. Without it all are changes. */
  readonly isSame?: (before: T, after: T) => boolean;
  /**
   * Batches, never empty: a whole list is one, and so is what arrives together of a watch. A list anew holds only what
   * differs from before. Must not throw: if it does, that is logged and counted, and the batch is not given again.
   */
  readonly onChanges: (changes: readonly ObjectChange<T>[]) => void;
  readonly onState?: (state: ReflectorState) => void;
  readonly api: WatchApi;
  readonly clock: ReflectorClock;
  /** From 0 up to but not 1. */
  readonly random: () => number;
  readonly log: ReflectorLog;
}

export interface Reflector {
  /** Resolves when the first list was handed over; never rejects; pends for ever if stopped before. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** Its figures go on changing. */
  readonly statistics: ReflectorStatistics;
  /** Resolves when nothing more is to come of it. What is held stays unsaid: no deletes. */
  stop(): Promise<void>;
}

/**
 * Follows all objects of a resource: lists them in pages, then watches, and goes on through whatever happens between
 * here and the API server. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function startReflector<T>(options: ReflectorOptions<T>): Reflector {
  const reflection = new Reflection(options);
  reflection.start();
  return reflection;
}

/** How an attempt came out: on to the next, at once or after a pause. */
type Outcome = { readonly kind: "done" } | { readonly kind: "failed"; readonly error: ApiError };

const DONE: Outcome = { kind: "done" };

/** What is known of the watch under way. */
interface WatchProgress {
  openedMs: number | undefined;
  /** Any event, or a bookmark. */
  hasBrought: boolean;
  /** What the server said in an ERROR event. */
  error: ApiError | undefined;
}

/** The loop behind a reflector. Given a memory, its first list replaces what is held there. */
export class Reflection<T> implements Reflector {
  readonly #options: ReflectorOptions<T>;
  readonly #memory: ReflectorMemory<T>;
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #resourceVersion: string | undefined;
  #listReason: ListReason = "start";
  /** In a row. */
  #failures = 0;
  /** Watches in a row that brought nothing. */
  #silentWatches = 0;
  /** What was malformed up to the last list; more since then may have been a change. */
  #malformedBefore = 0;
  #attempt: ApiAttempt | undefined;
  #endPause: (() => void) | undefined;
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(options: ReflectorOptions<T>, memory?: ReflectorMemory<T>) {
    this.#options = options;
    this.#memory = memory ?? new ReflectorMemory(resourceName(options.resource), options);
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get statistics(): ReflectorStatistics {
    return this.#memory.statistics;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) this.#memory.enter("stopped");
    this.#isStopped = true;
    this.#attempt?.abort();
    this.#endPause?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const outcome = await this.#next();
        if (outcome.kind === "failed" && !this.#isStopped) await this.#pauseAfter(outcome.error);
      } catch (error) {
        // A defect of ours, or of what we were given, must end neither the loop nor the process.
        this.#countError(messageOf(error));
        if (!this.#isStopped) await this.#pause(DEFECT_PAUSE_MS);
      }
    }
  }

  #next(): Promise<Outcome> {
    const version = this.#resourceVersion;
    return version === undefined ? this.#list() : this.#watch(version);
  }

  async #pauseAfter(error: ApiError): Promise<void> {
    this.#failures++;
    this.#countError(error.message);
    const delayMs = retryDelayMs({
      failures: this.#failures,
      retryAfterSeconds: error.retryAfterSeconds,
      random: this.#options.random(),
    });
    this.#options.log.warn("request to the API server failed", {
      resource: this.#memory.resource,
      reason: error.reason,
      error: error.message,
      ...(error.status === undefined ? {} : { status: error.status }),
      failures: this.#failures,
      retry_ms: Math.round(delayMs),
    });
    await this.#pause(delayMs);
  }

  #countError(message: string): void {
    this.#memory.statistics.errors++;
    this.#memory.statistics.lastError = message;
  }

  async #pause(delayMs: number): Promise<void> {
    this.#memory.enter("waiting");
    // The user may have stopped it on hearing that.
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.startTimer(resolve, delayMs);
      this.#endPause = () => {
        timer.stop();
        resolve();
      };
    });
    this.#endPause = undefined;
  }

  async #list(): Promise<Outcome> {
    this.#memory.enter("listing");
    const { clock, log } = this.#options;
    const { held, statistics } = this.#memory;
    const startMs = clock.now();
    const result = await listPages<T>(
      () => held.beginList(),
      (page, list) => this.#listPage(page, list),
    );
    if (this.#isStopped) return DONE;
    if (result.kind === "failed") return result;
    this.#resourceVersion = result.resourceVersion;
    statistics.lists[this.#listReason]++;
    this.#malformedBefore = statistics.malformed;
    this.#silentWatches = 0;
    this.#memory.deliver(result.list.complete());
    const fields = {
      resource: this.#memory.resource,
      objects: held.size,
      reason: this.#listReason,
      took_ms: Math.round(clock.now() - startMs),
    };
    log.info("listed all objects", fields);
    this.#isSynced = true;
    this.#synced.resolve();
    return DONE;
  }

  async #listPage(page: PageRequest, list: ObjectList<T>): Promise<PageResult> {
    const attempt = this.#begin(LIST_SILENCE_MS);
    const onItem = (item: unknown): void => {
      if (attempt.signal.aborted) return;
      attempt.heard();
      list.add(item);
    };
    try {
      const found = await this.#options.api.list({ ...this.#selection(), ...page }, onItem, attempt.signal);
      this.#memory.statistics.lastHeardMs = this.#options.clock.now();
      return { kind: "page", page: found };
    } catch (error) {
      return failed(attempt.isStalled ? silence() : asApiError(error));
    } finally {
      this.#end(attempt);
    }
  }

  async #watch(resourceVersion: string): Promise<Outcome> {
    this.#memory.enter("watching");
    const attempt = this.#begin(OPENING_SILENCE_MS);
    const { api, clock, random } = this.#options;
    const progress: WatchProgress = { openedMs: undefined, hasBrought: false, error: undefined };
    const observer: WatchObserver = {
      onOpen: () => {
        progress.openedMs = clock.now();
        this.#memory.statistics.lastHeardMs = progress.openedMs;
        attempt.allow(WATCH_SILENCE_MS);
      },
      onEvents: (events) => {
        if (attempt.signal.aborted) return;
        attempt.heard();
        this.#memory.statistics.lastHeardMs = clock.now();
        this.#take(events, progress);
        if (progress.error !== undefined) attempt.abort();
      },
    };
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + random()));
    const request = { ...this.#selection(), resourceVersion, timeoutSeconds };
    let error: ApiError | undefined;
    try {
      await api.watch(request, observer, attempt.signal);
    } catch (thrown) {
      error = attempt.isStalled ? silence() : asApiError(thrown);
    } finally {
      this.#end(attempt);
    }
    return this.#isStopped ? DONE : this.#afterWatch(progress.error ?? error, attempt.isStalled, progress);
  }

  /** Takes what came, up to an ERROR event, which ends the watch. */
  #take(events: readonly WatchEvent[], progress: WatchProgress): void {
    const changes: ObjectChange<T>[] = [];
    try {
      for (const event of events) {
        if (event.kind === "malformed") this.#countMalformed();
        else if (event.type === "ERROR") {
          progress.error = errorOfStatus(event.object, { reason: "Unknown", message: "the watch broke" });
          break;
        } else {
          const change = this.#takeEvent(event.type, event.object, progress);
          if (change !== undefined) changes.push(change);
        }
      }
    } finally {
      // What is held has changed already, and would never be told of again.
      this.#memory.deliver(changes);
    }
  }

  #takeEvent(type: string, object: unknown, progress: WatchProgress): ObjectChange<T> | undefined {
    const { held, statistics } = this.#memory;
    const version = resourceVersionOf(object);
    if (version === undefined) {
      this.#countMalformed();
      return undefined;
    }
    progress.hasBrought = true;
    this.#resourceVersion = version;
    switch (type) {
      case "BOOKMARK":
        statistics.bookmarks++;
        return undefined;
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        statistics.events++;
        return type === "DELETED" ? held.delete(object) : held.upsert(object);
      default:
        this.#countMalformed();
        return undefined;
    }
  }

  #countMalformed(): void {
    this.#memory.statistics.malformed++;
  }

  /** Decides where to go on after a watch, and when. */
  #afterWatch(error: ApiError | undefined, isStalled: boolean, progress: WatchProgress): Outcome {
    const { openedMs, hasBrought } = progress;
    const end = endOf(error, isStalled);
    this.#memory.statistics.watchEnds[end]++;
    const heldMs = openedMs === undefined ? 0 : this.#options.clock.now() - openedMs;
    const isProven = hasBrought || heldMs >= PROVEN_MS;
    if (isProven) this.#failures = 0;
    if (hasBrought) this.#silentWatches = 0;
    else if (isProven && (end === "ended" || end === "stalled")) this.#silentWatches++;
    if (end === "expired") this.#listAnew("expired");
    else if (error?.status === 400) this.#listAnew("refused");
    else if (this.#memory.statistics.malformed > this.#malformedBefore) this.#listAnew("malformed");
    else if (this.#silentWatches >= MAX_SILENT_WATCHES) this.#listAnew("silent");
    if (end === "expired" && this.#failures === 0) {
      // Nothing is wrong with the server. Should the next version be too old as well, that is a failure.
      this.#failures++;
      return DONE;
    }
    if (error !== undefined) return failed(error);
    return isProven ? DONE : failed(new ApiError("the watch ended at once", { reason: "ShortWatch" }));
  }

  #listAnew(reason: ListReason): void {
    this.#resourceVersion = undefined;
    this.#listReason = reason;
  }

  #selection(): ObjectSelection {
    const { resource, namespace, fieldSelector, labelSelector } = this.#options;
    return {
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
  }

  #begin(limitMs: number): ApiAttempt {
    const attempt = new ApiAttempt(this.#options.clock, limitMs);
    this.#attempt = attempt;
    if (this.#isStopped) attempt.abort();
    return attempt;
  }

  #end(attempt: ApiAttempt): void {
    attempt.end();
    this.#attempt = undefined;
  }
}

function failed(error: ApiError): { readonly kind: "failed"; readonly error: ApiError } {
  return { kind: "failed", error };
}

function endOf(error: ApiError | undefined, isStalled: boolean): WatchEnd {
  if (isStalled) return "stalled";
  if (error === undefined) return "ended";
  return error.isExpired ? "expired" : "failed";
}

function silence(): ApiError {
  return new ApiError("the API server said nothing for too long", { reason: "Silence" });
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(messageOf(error), { reason: "Unknown", cause: error });
}
