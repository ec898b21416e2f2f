import { writeOwnResponse } from "../http1/own-response.ts";
import { Activity } from "./activity.ts";
import { LINGER_MS } from "./client-patience.ts";
import type { Destination, ProxyConfiguration } from "./configuration.ts";
import { ConfigurationInForce } from "./configuration-in-force.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { failureAnswer } from "./failure.ts";
import type { FrontendSlot } from "./frontend-runtime.ts";
import { HeldConnections } from "./held-connections.ts";
import type { ProxyLimits } from "./limits.ts";
import { OverloadGuard } from "./overload-guard.ts";
import { ParserPool } from "./parser-pool.ts";
import { passThrough } from "./passthrough.ts";
import type {
  AccessLog,
  DestinationLearner,
  Now,
  PassthroughReason,
  ProxyLog,
  ProxyTelemetry,
  Random,
  UnknownReason,
} from "./ports.ts";
import { takeConnection } from "./protocol-detection.ts";
import { Deadline, type TimerWheel } from "./timer-wheel.ts";
import { beginTurn, createTurnClock } from "./turn-clock.ts";
import { type AcceptedSocket, IGNORING_OWNER, type Wire, wireOf } from "./wire.ts";

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
  /** Asked about destinations that no Frontend in force has; without it they are unknown for good. */
  readonly learner?: DestinationLearner | undefined;
  /**
   * For how long the configuration may have been out of date, in ms; 0 while it is known to be current. Only for a proxy
   * whose own connections to a Service's address reach that Service.
   */
  readonly staleForMs?: (() => number) | undefined;
}

/** Refused connections that may take their time to read why; others are reset at once. */
const MOST_REFUSED = 8;

/** The sidecar's data path: takes connections, routes what they carry, and replaces its configuration while it runs. */
export class Proxy {
  readonly #context: ProxyContext;
  readonly configuration: ConfigurationInForce;
  readonly #held: HeldConnections | undefined;
  readonly #activity: Activity;

  constructor(options: ProxyOptions) {
    const { learner, staleForMs = isCurrent } = options;
    this.#activity = new Activity(options.now());
    const now = createTurnClock(options.now);
    this.#context = {
      ...options,
      now,
      staleForMs,
      reachesServices: options.staleForMs !== undefined,
      overload: new OverloadGuard({
        ...options,
        now,
        onChange: (isShedding) => this.#reportOverload(isShedding),
      }),
      activity: this.#activity,
      parsers: new ParserPool(options.limits),
      backend: (name) => this.configuration.backend(name),
    };
    this.configuration = new ConfigurationInForce(this.#context);
    this.#held = learner && new HeldConnections(this.#context, learner);
  }

  #reportOverload(isShedding: boolean): void {
    const { log } = this.#context;
    if (isShedding) log.warn("requests are refused: there is more to do than can be done", {});
    else log.info("requests are no longer refused", {});
  }

  /** Puts a configuration into force as a whole. */
  apply(configuration: ProxyConfiguration): void {
    const steps = this.configuration.applyInSteps(configuration);
    while (steps.next().done !== true) continue;
  }

  /**
   * Serves a connection to what may be a Service, once that is known. Others are passed through if `canPassThrough`,
   * else reset.
   */
  accept(accepted: AcceptedSocket, destination: Destination, canPassThrough: boolean): void {
    const slot = this.configuration.slot(destination);
    this.#opened();
    const { connections, refused } = this.#activity;
    const isFull = connections - refused > this.#context.limits.maxConnections;
    if (slot === undefined) this.#takeUnknown(accepted, destination, canPassThrough && !isFull);
    else if (isFull) this.#turnAway(accepted, slot);
    else this.#serve(this.#wireOf(accepted), slot);
  }

  #wireOf(accepted: AcceptedSocket): Wire {
    return wireOf(accepted, IGNORING_OWNER, this.#context.limits.highWaterBytes);
  }

  #serve(wire: Wire, slot: FrontendSlot): void {
    const { now } = this.#context;
    slot.connections++;
    const onEnd = (): void => {
      slot.connections--;
      slot.lastUsedMs = now();
      this.#closed();
    };
    takeConnection({ context: this.#context, slot, wire, onEnd });
  }

  #takeUnknown(accepted: AcceptedSocket, destination: Destination, canPassThrough: boolean): void {
    const wire = this.#wireOf(accepted);
    const passOn = (reason: UnknownReason): void => this.#passOn(wire, destination, canPassThrough, reason);
    if (this.#held === undefined) passOn("unknown_destination");
    else if (this.#held.isFull || !canPassThrough) passOn("not_learned");
    else
      this.#held.hold({
        wire,
        destination,
        onSettled: (reason) => {
          const slot = this.configuration.slot(destination);
          if (slot === undefined) {
            passOn(reason);
            return;
          }
          wire.resume();
          this.#serve(wire, slot);
        },
        onGone: this.#closed,
      });
  }

  #passOn(wire: Wire, destination: Destination, canPassThrough: boolean, reason: UnknownReason): void {
    this.#context.telemetry.passthrough(reason).add(1);
    if (canPassThrough) passThrough(this.#context, wire, destination, this.#closed);
    else this.#cut(wire);
  }

  /** Tells of an exception that was caught where a connection came in. */
  reportDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
  }

  /** Closes a connection that must not be served. */
  refuse(accepted: AcceptedSocket, reason: PassthroughReason): void {
    this.#context.telemetry.passthrough(reason).add(1);
    this.#opened();
    this.#cut(this.#wireOf(accepted));
  }

  #cut(wire: Wire): void {
    wire.owner = { ...IGNORING_OWNER, onClosed: this.#closed };
    wire.reset();
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
        if (activity.busy === 0 && idleForMs >= limits.drainIdleMs) resolve(true);
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
}

function isCurrent(): number {
  return 0;
}
