import type { Frontend } from "../../binding/frontend.ts";
import type { EncodedResource } from "../resource-types.ts";
import type { BackendTable } from "./backend-table.ts";
import type { ClientClock, ResourceSink } from "./client-ports.ts";
import { namedBackends } from "./named-backends.ts";
import type { Rejection } from "./rejection.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** How long a new Frontend waits for Backends that it names and that are not known yet. */
const ACTIVATION_MS = 2_000;

interface HeldFrontend {
  readonly resource: EncodedResource;
  readonly backends: readonly string[];
}

interface WaitingFrontend extends HeldFrontend {
  readonly frontend: Frontend;
}

/** What the controller answered to a name. `none`: nothing yet. */
export type Answer = "none" | "present" | "absent" | "rejected";

/** One destination that is subscribed to. */
export class FrontendEntry {
  readonly name: string;
  answer: Answer = "none";
  /** In force, or being put in force. */
  held: HeldFrontend | undefined;
  isInForce = false;
  /** Backends of those that `held` replaces: they stay till it is in force. */
  replaced: string[] = [];
  /** Newer than `held`; waits for its Backends. */
  next: WaitingFrontend | undefined;
  timer: { stop(): void } | undefined;
  rejection: Rejection | undefined;
  /** When a connection last asked for it. */
  usedMs: number;
  /** Those who waited for an answer waited long enough: no connection waits again before there is one. */
  isLate = false;

  constructor(name: string, usedMs: number) {
    this.name = name;
    this.usedMs = usedMs;
  }

  /** There is something to show: it is in force, or will be. */
  get isLearned(): boolean {
    return this.held !== undefined || this.next !== undefined;
  }
}

export interface FrontendTableOptions {
  readonly clock: ClientClock;
  readonly sink: ResourceSink;
  readonly backends: BackendTable;
  readonly subscriptions: Pick<Subscriptions, "add" | "remove">;
  readonly isConnected: () => boolean;
  /** It is what new connections get from now on. */
  readonly onInForce: (name: string) => void;
}

/**
 * The Frontends that were asked for. A new one takes effect when all Backends that it names are known, or 2 s later
 * (a first one not without its own Service's); the one before it, with its Backends, stays in force till then. Nothing
 * runs out while the controller is not there.
 */
export class FrontendTable {
  readonly #options: FrontendTableOptions;
  readonly #entries = new Map<string, FrontendEntry>();
  readonly #waiting = new Set<FrontendEntry>();

  constructor(options: FrontendTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  entries(): Iterable<FrontendEntry> {
    return this.#entries.values();
  }

  get(name: string): FrontendEntry | undefined {
    return this.#entries.get(name);
  }

  versionOf(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return (entry?.next ?? entry?.held)?.resource.version;
  }

  add(name: string): FrontendEntry {
    const entry = new FrontendEntry(name, this.#options.clock.now());
    this.#entries.set(name, entry);
    this.#options.subscriptions.add(name);
    return entry;
  }

  /** Forgets it: new connections to it pass through. */
  drop(entry: FrontendEntry): void {
    this.#takeOut(entry);
    this.#entries.delete(entry.name);
    this.#options.subscriptions.remove(entry.name);
  }

  /** Takes what the controller sent. */
  receive(entry: FrontendEntry, resource: EncodedResource, frontend: Frontend): void {
    entry.answer = "present";
    entry.rejection = undefined;
    if (this.versionOf(entry.name) === resource.version) return;
    const before = entry.next;
    entry.next = undefined;
    if (entry.held?.resource.version === resource.version) {
      this.#stopWaiting(entry);
    } else {
      const next = { resource, frontend, backends: namedBackends(frontend) };
      this.#options.backends.retain(next.backends);
      entry.next = next;
      this.#waiting.add(entry);
      this.#startTimer(entry);
    }
    if (before !== undefined) this.#options.backends.release(before.backends);
    this.#activateIfComplete(entry);
  }

  /** The controller knows of no such destination. */
  remove(entry: FrontendEntry): void {
    entry.answer = "absent";
    entry.rejection = undefined;
    this.#takeOut(entry);
  }

  reject(entry: FrontendEntry, rejection: Rejection): void {
    entry.rejection = rejection;
    if (!entry.isLearned) entry.answer = "rejected";
  }

  /** More Backends are known. */
  activateComplete(): void {
    for (const entry of this.#waiting) this.#activateIfComplete(entry);
  }

  /** The controller is there again, and can say what is missing. */
  onConnected(): void {
    for (const entry of this.#waiting) this.#startTimer(entry);
  }

  /** The controller is gone, or this ends: what waits is held. */
  onLost(): void {
    for (const entry of this.#waiting) stopTimer(entry);
  }

  #startTimer(entry: FrontendEntry): void {
    if (!this.#options.isConnected()) return;
    // A second change meanwhile does not put the first one's end off: else changes in a row could hold it for ever.
    entry.timer ??= this.#options.clock.startTimer(() => {
      entry.timer = undefined;
      if (this.#isUseful(entry)) this.#activate(entry);
      else this.#startTimer(entry);
    }, ACTIVATION_MS);
  }

  /**
   * Whether the Frontend that waits is better than what there is. A first one without its own Service's Backend is not:
   * all connections would fail that pass through while nothing is in force.
   */
  #isUseful({ held, next }: FrontendEntry): boolean {
    return (
      next !== undefined && (held !== undefined || this.#options.backends.isKnown(next.frontend.backend))
    );
  }

  #stopWaiting(entry: FrontendEntry): void {
    stopTimer(entry);
    this.#waiting.delete(entry);
  }

  #activateIfComplete(entry: FrontendEntry): void {
    const { backends } = this.#options;
    if (entry.next?.backends.every((name) => backends.isKnown(name)) === true) this.#activate(entry);
  }

  #activate(entry: FrontendEntry): void {
    const { next } = entry;
    if (next === undefined) return;
    this.#stopWaiting(entry);
    entry.next = undefined;
    if (entry.held !== undefined) entry.replaced.push(...entry.held.backends);
    const held = { resource: next.resource, backends: next.backends };
    entry.held = held;
    this.#options.sink.putFrontend(next.frontend, next.resource.version, () => {
      if (entry.held !== held) return;
      entry.isInForce = true;
      this.#releaseReplaced(entry);
      this.#options.onInForce(entry.name);
    });
  }

  #takeOut(entry: FrontendEntry): void {
    const { backends, sink } = this.#options;
    this.#stopWaiting(entry);
    const { held, next } = entry;
    entry.held = undefined;
    entry.next = undefined;
    entry.isInForce = false;
    if (held !== undefined) sink.removeFrontend(entry.name);
    this.#releaseReplaced(entry);
    if (held !== undefined) backends.release(held.backends);
    if (next !== undefined) backends.release(next.backends);
  }

  #releaseReplaced(entry: FrontendEntry): void {
    const { replaced } = entry;
    entry.replaced = [];
    this.#options.backends.release(replaced);
  }
}

function stopTimer(entry: FrontendEntry): void {
  entry.timer?.stop();
  entry.timer = undefined;
}
