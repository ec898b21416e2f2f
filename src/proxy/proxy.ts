import type { Locality } from "../balancing/candidates.ts";
import type { Backend } from "../binding/backend.ts";
import type { Frontend } from "../binding/frontend.ts";
import { writeOwnResponse } from "../http1/own-response.ts";
import { compileFrontendInSteps } from "../routing/compile-frontend.ts";
import { Activity } from "./activity.ts";
import { BackendRuntime } from "./backend-runtime.ts";
import { LINGER_MS } from "./client-patience.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { failureAnswer } from "./failure.ts";
import { FrontendRuntime, FrontendSlot } from "./frontend-runtime.ts";
import type { ProxyLimits } from "./limits.ts";
import { OverloadGuard } from "./overload-guard.ts";
import { ParserPool } from "./parser-pool.ts";
import { passThrough } from "./passthrough.ts";
import type { AccessLog, Now, PassthroughReason, ProxyLog, ProxyTelemetry, Random } from "./ports.ts";
import { takeConnection } from "./protocol-detection.ts";
import { Deadline, type TimerWheel } from "./timer-wheel.ts";
import { beginTurn, createTurnClock } from "./turn-clock.ts";
import { type AcceptedSocket, IGNORING_OWNER, wireOf } from "./wire.ts";

export interface ProxyOptions {
  readonly limits: ProxyLimits;
  readonly now: Now;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly telemetry: ProxyTelemetry;
  readonly accessLog: AccessLog;
  readonly log: ProxyLog;
  /** How much of the memory that the process may use is in use; undefined where nothing bounds it. */
  readonly memoryPercent?: (() => number) | undefined;
}

/** What is to be in force, whole. */
export interface ProxyConfiguration {
  /** By name. A frontend whose version did not change is not compiled again. */
  readonly frontends: ReadonlyMap<string, VersionedFrontend>;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly locality: Locality;
}

export interface VersionedFrontend {
  readonly frontend: Frontend;
  /** Equal for equal content. */
  readonly version: string;
}

/** An IP address and port that a client dialled. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** Refused connections that may take their time to read why; others are reset at once. */
const MOST_REFUSED = 8;

/** The sidecar's data path: takes connections, routes what they carry, and replaces its configuration while it runs. */
export class Proxy {
  readonly #context: ProxyContext;
  readonly #backends = new Map<string, BackendRuntime>();
  readonly #slots = new Map<string, FrontendSlot>();
  readonly #activity: Activity;

  constructor(options: ProxyOptions) {
    this.#activity = new Activity(options.now());
    const now = createTurnClock(options.now);
    this.#context = {
      ...options,
      now,
      overload: new OverloadGuard({
        ...options,
        now,
        onChange: (isShedding) => this.#reportOverload(isShedding),
      }),
      activity: this.#activity,
      parsers: new ParserPool(options.limits),
      backend: (name) => this.#backends.get(name),
    };
  }

  #reportOverload(isShedding: boolean): void {
    const { log } = this.#context;
    if (isShedding) log.warn("requests are refused: there is more to do than can be done", {});
    else log.info("requests are no longer refused", {});
  }

  /** Puts a configuration into force. What did not change keeps its connections, measurements and compiled routes. */
  apply(configuration: ProxyConfiguration): void {
    const steps = this.applyInSteps(configuration);
    while (steps.next().done !== true) continue;
  }

  /**
   * The same in steps of well below a millisecond: run it for as long as the turn of the event loop allows, go on in
   * the next, and begin no other before the end. Till the new routes are all compiled the old ones are in force, then
   * in one step the new ones; each backend changes by itself before that.
   */
  *applyInSteps({ frontends, backends, locality }: ProxyConfiguration): Generator<undefined, void> {
    const compiled = yield* this.#compileChanged(frontends);
    for (const [name, backend] of backends) {
      this.#applyBackend(name, backend, locality);
      yield;
    }
    for (const [key, runtime] of compiled) {
      const slot = this.#slots.get(key);
      if (slot === undefined) this.#slots.set(key, new FrontendSlot(runtime));
      else slot.current = runtime;
    }
    const wanted = new Set([...frontends.values()].map(({ frontend }) => destinationKey(frontend)));
    for (const [key, slot] of this.#slots) {
      if (wanted.has(key)) continue;
      slot.isGone = true;
      this.#slots.delete(key);
    }
    yield;
    for (const [name, runtime] of this.#backends) {
      if (backends.has(name)) continue;
      runtime.retire();
      this.#backends.delete(name);
    }
  }

  /** What has another version than is in force, or is new, by its key. */
  *#compileChanged(
    frontends: ProxyConfiguration["frontends"],
  ): Generator<undefined, ReadonlyMap<string, FrontendRuntime>> {
    const changed = new Map<string, FrontendRuntime>();
    for (const { frontend, version } of frontends.values()) {
      const key = destinationKey(frontend);
      if (this.#slots.get(key)?.current.version === version) continue;
      const compiled = yield* compileFrontendInSteps(frontend);
      changed.set(key, new FrontendRuntime(this.#context, compiled, version));
      yield;
    }
    return changed;
  }

  #applyBackend(name: string, backend: Backend, locality: Locality): void {
    const known = this.#backends.get(name);
    if (known === undefined) this.#backends.set(name, new BackendRuntime(this.#context, backend, locality));
    else known.update(backend, locality);
  }

  /** Serves a connection to what may be a Service. Others are passed through if `canPassThrough`, else reset. */
  accept(accepted: AcceptedSocket, destination: Destination, canPassThrough: boolean): void {
    const slot = this.#slots.get(destinationKey(destination));
    this.#opened();
    const { connections, refused } = this.#activity;
    const isFull = connections - refused > this.#context.limits.maxConnections;
    if (slot === undefined) this.#passOn(accepted, destination, canPassThrough && !isFull);
    else if (isFull) this.#turnAway(accepted, slot);
    else this.#serve(accepted, slot);
  }

  #serve(accepted: AcceptedSocket, slot: FrontendSlot): void {
    const wire = wireOf(accepted, IGNORING_OWNER, this.#context.limits.highWaterBytes);
    takeConnection({ context: this.#context, slot, wire, onEnd: this.#closed });
  }

  #passOn(accepted: AcceptedSocket, destination: Destination, canPassThrough: boolean): void {
    this.#context.telemetry.passthrough("unknown_destination").add(1);
    if (canPassThrough) passThrough(this.#context, accepted, destination, this.#closed);
    else this.#cut(accepted);
  }

  /** Tells of an exception that was caught where a connection came in. */
  reportDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
  }

  /** Closes a connection that must not be served. */
  refuse(accepted: AcceptedSocket, reason: PassthroughReason): void {
    this.#context.telemetry.passthrough(reason).add(1);
    this.#opened();
    this.#cut(accepted);
  }

  #cut(accepted: AcceptedSocket): void {
    wireOf(accepted, { ...IGNORING_OWNER, onClosed: this.#closed }, 0).reset();
  }

  #turnAway(accepted: AcceptedSocket, slot: FrontendSlot): void {
    const runtime = slot.current;
    runtime.countFailure("overload");
    this.#activity.refused++;
    const onClosed = (): void => {
      this.#activity.refused--;
      this.#closed();
    };
    const wire = wireOf(accepted, { ...IGNORING_OWNER, onClosed }, 0);
    if (runtime.frontend.protocol !== "http" || this.#activity.refused > MOST_REFUSED) {
      wire.reset();
      return;
    }
    const answer = failureAnswer({ kind: "overload", details: "too many connections" });
    writeOwnResponse(wire.out, { ...answer, isHead: false, close: true });
    wire.end();
    const cut = new Deadline(() => {
      wire.destroy();
    });
    this.#context.wheel.set(cut, this.#context.now(), LINGER_MS);
  }

  #opened(): void {
    this.#activity.connections++;
    this.#activity.lastMs = this.#context.now();
  }

  readonly #closed = (): void => {
    this.#activity.connections--;
  };

  /**
   * Gets ready to stop: responses close their connections, and new ones are still served.
   * @returns true once nothing was under way for the idle time; false when `limitMs` was over before
   */
  drain(limitMs: number): Promise<boolean> {
    beginTurn();
    const { now, wheel, limits } = this.#context;
    const activity = this.#activity;
    activity.isDraining = true;
    const startedMs = now();
    return new Promise((resolve) => {
      const check = (): void => {
        const time = now();
        const idleForMs = activity.busy > 0 ? 0 : time - Math.max(activity.lastMs, startedMs);
        if (idleForMs >= limits.drainIdleMs) resolve(true);
        else if (time - startedMs >= limitMs) resolve(false);
        else
          wheel.set(deadline, time, Math.min(limits.drainIdleMs - idleForMs, limitMs - (time - startedMs)));
      };
      const deadline = new Deadline(check);
      check();
    });
  }

  get activity(): Readonly<Activity> {
    return this.#activity;
  }

  /** The Frontends in force. */
  frontends(): readonly VersionedFrontend[] {
    return [...this.#slots.values()].map(({ current: { frontend, version } }) => ({ frontend, version }));
  }

  backends(): IterableIterator<BackendRuntime> {
    return this.#backends.values();
  }
}

function destinationKey({ address, port }: Destination): string {
  return `${address} ${port}`;
}
