import type { Backend } from "../../binding/backend.ts";
import type { EncodedResource } from "../resource-types.ts";
import type { ClientClock, ResourceSink } from "./client-ports.ts";
import type { Rejection } from "./rejection.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** How long a Backend that the controller took away stays while Frontends in force still name it. */
const HOLD_MS = 2_000;
/** How long one that no Frontend names any more stays: for what is under way, and for routes that change back. */
const LINGER_MS = 5_000;

interface BackendEntry {
  readonly name: string;
  /** How many Frontends, in force or about to be, name it. */
  users: number;
  /** What is in force. */
  held: EncodedResource | undefined;
  /** The controller said that there is none. */
  isAbsent: boolean;
  rejection: Rejection | undefined;
  timer: { stop(): void } | undefined;
}

export interface BackendTableOptions {
  readonly clock: ClientClock;
  readonly sink: ResourceSink;
  readonly subscriptions: Pick<Subscriptions, "add" | "remove">;
  /** The controller is there to say more: while it is not, nothing is taken out of force that Frontends name. */
  readonly isConnected: () => boolean;
  /** What was subscribed to or taken out by a timer is to be told to the controller, and kept on disk. */
  readonly onChange: () => void;
}

/** The Backends that the Frontends name: subscribed to while any does, and in force from then on as they come. */
export class BackendTable {
  readonly #options: BackendTableOptions;
  readonly #entries = new Map<string, BackendEntry>();

  constructor(options: BackendTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** Those in force. */
  *held(): Generator<EncodedResource> {
    for (const { held } of this.#entries.values()) if (held !== undefined) yield held;
  }

  *rejections(): Generator<Rejection> {
    for (const { rejection } of this.#entries.values()) if (rejection !== undefined) yield rejection;
  }

  versionOf(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined || entry.isAbsent ? undefined : entry.held?.version;
  }

  /** The controller said what it is, or that it is not. */
  isKnown(name: string): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && (entry.isAbsent || entry.held !== undefined);
  }

  retain(names: readonly string[]): void {
    for (const name of names) {
      const entry = this.#entries.get(name) ?? this.#create(name);
      if (entry.users++ > 0) continue;
      stopTimer(entry);
      if (entry.isAbsent && entry.held !== undefined) this.#hold(entry);
    }
  }

  release(names: readonly string[]): void {
    for (const name of names) {
      const entry = this.#entries.get(name);
      if (entry === undefined || --entry.users > 0) continue;
      stopTimer(entry);
      entry.timer = this.#options.clock.startTimer(() => this.#drop(entry), LINGER_MS);
    }
  }

  /** Nothing is done for what was not asked for, or is in force already. */
  put(resource: EncodedResource, backend: Backend): void {
    const entry = this.#entries.get(resource.name);
    if (entry === undefined) return;
    entry.rejection = undefined;
    if (entry.isAbsent) {
      entry.isAbsent = false;
      if (entry.users > 0) stopTimer(entry);
    }
    if (entry.held?.version === resource.version) return;
    entry.held = resource;
    this.#options.sink.putBackend(backend, resource.version);
  }

  remove(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.rejection = undefined;
    entry.isAbsent = true;
    if (entry.held !== undefined && entry.users > 0) this.#hold(entry);
  }

  /** @returns the one before, of the same name */
  reject(rejection: Rejection): Rejection | undefined {
    const entry = this.#entries.get(rejection.name);
    const before = entry?.rejection;
    if (entry !== undefined) entry.rejection = rejection;
    return before;
  }

  /** The controller is gone: what it took away is held till it is back and says so again. */
  onLost(): void {
    for (const entry of this.#entries.values()) if (entry.users > 0) stopTimer(entry);
  }

  stop(): void {
    for (const entry of this.#entries.values()) stopTimer(entry);
  }

  #create(name: string): BackendEntry {
    const entry: BackendEntry = {
      name,
      users: 0,
      held: undefined,
      isAbsent: false,
      rejection: undefined,
      timer: undefined,
    };
    this.#entries.set(name, entry);
    this.#options.subscriptions.add(name);
    return entry;
  }

  /** The Frontends that name it are about to change as well: it goes when they did, or when that takes too long. */
  #hold(entry: BackendEntry): void {
    if (!this.#options.isConnected()) return;
    entry.timer ??= this.#options.clock.startTimer(() => {
      entry.timer = undefined;
      entry.held = undefined;
      this.#options.sink.removeBackend(entry.name);
      this.#options.onChange();
    }, HOLD_MS);
  }

  #drop(entry: BackendEntry): void {
    this.#entries.delete(entry.name);
    this.#options.subscriptions.remove(entry.name);
    if (entry.held !== undefined) this.#options.sink.removeBackend(entry.name);
    this.#options.onChange();
  }
}

function stopTimer(entry: BackendEntry): void {
  entry.timer?.stop();
  entry.timer = undefined;
}
