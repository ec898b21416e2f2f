import type { RouteStatus } from "../../binding/route-status.ts";
import { TokenBucket } from "../token-bucket.ts";
import type { ObservedRoute } from "./observed-route.ts";
import type { RouteKind } from "./route-kinds.ts";

export interface RoutePace {
  /** Writes of one route: so many at once, then one a second. */
  readonly routeBurst: number;
  /** Waiting times after failures, conflicts and repairs double from their first to their last. */
  readonly failureMs: readonly [number, number];
  readonly conflictMs: readonly [number, number];
  readonly repairMs: readonly [number, number];
  /** After so long without a repair they are forgotten. */
  readonly forgetRepairsMs: number;
}

/** The newest version that the API server has answered with, and when. */
interface Newest {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly at: number;
}

/** What was written last, as text. */
interface Written {
  readonly uid: string;
  readonly content: string;
}

/** All that the writer knows of one route. */
export class RouteState {
  readonly kind: RouteKind;
  /** False until it was said what is wanted: until then nothing is done. */
  isJudged = false;
  wanted: RouteStatus | undefined;
  observed: ObservedRoute | undefined;
  /** When what is wanted last changed without being written yet. */
  changedAt: number | undefined;
  /** No write before. */
  notBefore = Number.NEGATIVE_INFINITY;
  /** In a row. */
  failures = 0;
  conflicts = 0;
  repairs = 0;
  #repairedAt = Number.NEGATIVE_INFINITY;
  #newest: Newest | undefined;
  #written: Written | undefined;
  #bucket: TokenBucket | undefined;

  constructor(kind: RouteKind) {
    this.kind = kind;
  }

  /** Takes what is wanted; true if it is something else than before. */
  want(status: RouteStatus | undefined, now: number): boolean {
    const isNew = !this.isJudged || (this.wanted !== status && textOf(this.wanted) !== textOf(status));
    this.isJudged = true;
    this.wanted = status;
    if (isNew) {
      this.changedAt ??= now;
      // Who fights over the old content may have nothing against the new one.
      if (this.repairs > 0) this.notBefore = now;
      this.repairs = 0;
    }
    return isNew;
  }

  /**
   * Takes what a watch has seen, unless it is older than what this writer itself has got from the API server: the watch
   * lags behind. Versions of one kind of object are numbers that grow
   * (https://kubernetes.io/docs/reference/using-api/api-concepts/); where they aren't, or the lag would be longer than
   * can be, what was seen counts. True where it is something new.
   */
  observe(route: ObservedRoute, now: number): boolean {
    const newest = this.#newest;
    const isLate =
      newest !== undefined &&
      newest.uid === route.uid &&
      now - newest.at < LONGEST_LAG_MS &&
      isOlder(route.resourceVersion, newest.resourceVersion);
    if (isLate) return false;
    const isKnown =
      this.observed?.uid === route.uid && this.observed.resourceVersion === route.resourceVersion;
    this.observed = route;
    return !isKnown;
  }

  /** Takes what the API server has answered, unless the watch was faster and has seen more already. */
  refresh(route: ObservedRoute, now: number): void {
    const { observed } = this;
    const isLate = observed?.uid === route.uid && isOlder(route.resourceVersion, observed.resourceVersion);
    if (!isLate) this.observed = route;
    this.#newest = { uid: route.uid, resourceVersion: route.resourceVersion, at: now };
  }

  /** A write is done; true if it said once more what had been written already, because somebody changed it. */
  wrote(
    route: ObservedRoute,
    wanted: RouteStatus | undefined,
    now: number,
    { forgetRepairsMs }: RoutePace,
  ): boolean {
    const content = textOf(wanted);
    const isRepair = this.#written?.content === content && this.#written.uid === route.uid;
    if (now - this.#repairedAt > forgetRepairsMs) this.repairs = 0;
    if (isRepair) {
      this.repairs++;
      this.#repairedAt = now;
    }
    this.#written = { uid: route.uid, content };
    this.refresh(route, now);
    this.failures = 0;
    this.conflicts = 0;
    return isRepair;
  }

  /** How long to wait after a write, so that a route which changes all the time is not written all the time. */
  spacingMs(now: number, burst: number): number {
    this.#bucket ??= new TokenBucket({ perSecond: 1, burst });
    this.#bucket.take(now);
    return this.#bucket.waitMs(now);
  }
}

/** Watch events come within milliseconds; ten seconds is what a busy machine may make of it. */
const LONGEST_LAG_MS = 10_000;

function textOf(status: RouteStatus | undefined): string {
  return JSON.stringify(status) ?? "";
}

function isOlder(one: string, other: string): boolean {
  if (!DECIMAL.test(one) || !DECIMAL.test(other)) return false;
  return one.length === other.length ? one < other : one.length < other.length;
}

const DECIMAL = /^[1-9][0-9]*$/;
