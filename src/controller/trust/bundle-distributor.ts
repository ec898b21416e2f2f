import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { Sleeper } from "../sleeper.ts";
import type { BundleAnswer, BundleMap, BundlePort } from "./bundle-port.ts";

/** Whether a namespace is to have the bundle. A terminating one takes no new objects, and all in it goes anyway. */
export type NamespaceState = "meshed" | "other" | "terminating";

/** A change of what the watches bring. */
export type Observed<T> =
  | { readonly kind: "upsert"; readonly key: string; readonly object: T }
  | { readonly kind: "delete"; readonly key: string };

export interface DistributorOptions {
  readonly maps: BundlePort;
  /** The controller's own namespace always has the bundle. */
  readonly ownNamespace: string;
  /** Resolves when both watches have told all there is: before, nothing is made or removed. */
  readonly synced: Promise<unknown>;
  readonly clock: ControllerClock;
  readonly random: () => number;
  readonly log: ControllerLog;
  /** Called when the wanted bundle has come everywhere. */
  readonly onEverywhere?: () => void;
}

/** How many ConfigMaps are written at a time. */
const atOnce = 4;
/** A fight with somebody who changes ConfigMaps back costs one write in that time. */
const shortestPauseMs = 1_000;
const longestPauseMs = 60_000;

interface Pause {
  readonly untilMs: number;
  readonly failures: number;
}

/**
 * Keeps the bundle in a ConfigMap of each namespace that is to have it. Every replica observes; the one that leads runs
 * it. What it does follows from the observed alone, so doing it twice changes nothing.
 */
export class BundleDistributor {
  readonly #options: DistributorOptions;
  readonly #namespaces = new Map<string, NamespaceState>();
  readonly #maps = new Map<string, BundleMap>();
  /** Namespaces that may need something done. */
  readonly #open = new Set<string>();
  readonly #pauses = new Map<string, Pause>();
  /** Namespaces that are to have the wanted bundle and have it not; kept, since thousands take milliseconds to look at. */
  readonly #missing = new Set<string>();
  #bundle: string | undefined;
  #isSynced = false;
  #wasEverywhere = false;
  readonly #sleeper: Sleeper;

  constructor(options: DistributorOptions) {
    this.#options = options;
    this.#sleeper = new Sleeper(options.clock);
    this.#judge(options.ownNamespace);
    void options.synced.then(() => {
      this.#isSynced = true;
      this.#sleeper.wake();
      this.#tell();
    });
  }

  /** Takes changes of Namespaces; keys are `/name`. */
  observeNamespaces(changes: readonly Observed<NamespaceState>[]): void {
    for (const change of changes) {
      const name = change.key.slice(change.key.indexOf("/") + 1);
      if (change.kind === "upsert") this.#namespaces.set(name, change.object);
      else this.#namespaces.delete(name);
      this.#reopen(name);
    }
    this.#sleeper.wake();
  }

  /** Takes changes of ConfigMaps `eastbound-ca`; keys are `namespace/name`. */
  observeMaps(changes: readonly Observed<BundleMap>[]): void {
    for (const change of changes) {
      const namespace = change.key.slice(0, change.key.indexOf("/"));
      if (change.kind === "upsert") this.#maps.set(namespace, change.object);
      else this.#maps.delete(namespace);
      this.#reopen(namespace);
    }
    this.#sleeper.wake();
    this.#tell();
  }

  /** From now on `bundle` is to be everywhere. */
  want(bundle: string): void {
    if (bundle === this.#bundle) return;
    this.#bundle = bundle;
    this.#wasEverywhere = false;
    for (const name of [...this.#namespaces.keys(), ...this.#maps.keys(), this.#options.ownNamespace]) {
      this.#reopen(name);
    }
    this.#sleeper.wake();
  }

  /** Whether every namespace that is to have the wanted bundle has it. */
  get isEverywhere(): boolean {
    return this.#isSynced && this.#bundle !== undefined && this.#missing.size === 0;
  }

  /** The namespaces that are to have the wanted bundle and have it not. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  /**
   * Writes until `signal` aborts, beginning with what is wanted after the call; resolves when the last write is over.
   * `mayWrite` is asked right before each.
   */
  async run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    // What an earlier term of this replica wanted may be out of date.
    this.#bundle = undefined;
    const onAbort = (): void => this.#sleeper.wake();
    signal.addEventListener("abort", onAbort);
    while (!signal.aborted) {
      const due = this.#due();
      await Promise.all(due.map((name) => this.#settle(name, signal, mayWrite)));
      if (due.length === 0 && !signal.aborted) await this.#sleep();
    }
    signal.removeEventListener("abort", onAbort);
  }

  #tell(): void {
    const was = this.#wasEverywhere;
    this.#wasEverywhere = this.isEverywhere;
    if (this.#wasEverywhere && !was) this.#options.onEverywhere?.();
  }

  /** Notes whether a namespace lacks the wanted bundle. */
  #judge(name: string): void {
    const isToHave = name === this.#options.ownNamespace || this.#namespaces.get(name) === "meshed";
    const isMissing = isToHave && this.#maps.get(name)?.bundle !== this.#bundle;
    if (isMissing) this.#missing.add(name);
    else this.#missing.delete(name);
  }

  #reopen(name: string): void {
    this.#open.add(name);
    this.#judge(name);
    // A namespace that is gone leaves nothing behind here.
    if (!this.#namespaces.has(name) && !this.#maps.has(name)) this.#pauses.delete(name);
  }

  /** Those whose pause is over. */
  #due(): readonly string[] {
    if (!this.#isSynced || this.#bundle === undefined) return [];
    const nowMs = this.#options.clock.now();
    const due: string[] = [];
    for (const name of this.#open) {
      if (due.length === atOnce) break;
      if ((this.#pauses.get(name)?.untilMs ?? 0) <= nowMs) due.push(name);
    }
    return due;
  }

  async #sleep(): Promise<void> {
    const { clock } = this.#options;
    const isReady = this.#isSynced && this.#bundle !== undefined;
    const ends = isReady ? [...this.#open].map((name) => this.#pauses.get(name)?.untilMs ?? 0) : [];
    const waitMs = Math.min(longestPauseMs, ...ends.map((end) => Math.max(0, end - clock.now())));
    await this.#sleeper.sleep(waitMs);
  }

  async #settle(namespace: string, signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    this.#open.delete(namespace);
    const act = this.#actFor(namespace);
    if (act === undefined) {
      this.#pauses.delete(namespace);
      return;
    }
    if (!mayWrite()) {
      this.#open.add(namespace);
      this.#pause(namespace, false);
      return;
    }
    const answer = await act(signal);
    // What was broken off at the end of a term has not failed.
    this.#note(namespace, signal.aborted ? { kind: "conflict" } : answer);
  }

  /** What is to be done to the ConfigMap in there; undefined: nothing. */
  #actFor(namespace: string): ((signal: AbortSignal) => Promise<BundleAnswer>) | undefined {
    const { maps, ownNamespace } = this.#options;
    const state = namespace === ownNamespace ? "meshed" : this.#namespaces.get(namespace);
    const map = this.#maps.get(namespace);
    const bundle = this.#bundle;
    if (bundle === undefined || state === "terminating" || state === undefined) return undefined;
    if (state === "other") {
      return map?.isOurs === true ? (signal) => maps.remove(namespace, map, signal) : undefined;
    }
    if (map === undefined) return (signal) => maps.create(namespace, bundle, signal);
    if (map.bundle === bundle && map.isOurs) return undefined;
    return (signal) => maps.correct(namespace, map, bundle, signal);
  }

  /**
   * What is there now, only the watch says: an answer may come after news of later changes. The namespace is looked at
   * again after a pause, in which its change is told.
   */
  #note(namespace: string, answer: BundleAnswer): void {
    this.#open.add(namespace);
    this.#pause(namespace, answer.kind === "failed");
    if (answer.kind !== "failed") return;
    const { message } = answer;
    // Not by namespace: where a right is missing there are thousands.
    this.#options.log.limited("warn", "can't write the ConfigMap of the CAs", "", {
      namespace,
      error: message,
    });
  }

  /** Failures pause twice as long each time. */
  #pause(namespace: string, hasFailed: boolean): void {
    const { clock, random } = this.#options;
    const failures = hasFailed ? (this.#pauses.get(namespace)?.failures ?? 0) + 1 : 0;
    const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** failures) * (0.75 + 0.5 * random());
    this.#pauses.set(namespace, { untilMs: clock.now() + pauseMs, failures });
  }
}
