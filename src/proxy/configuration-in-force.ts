import type { Locality } from "../balancing/candidates.ts";
import type { Backend } from "../binding/backend.ts";
import { compileFrontendInSteps } from "../routing/compile-frontend.ts";
import { BackendRuntime } from "./backend-runtime.ts";
import {
  type Destination,
  destinationName,
  type ProxyConfiguration,
  type VersionedFrontend,
} from "./configuration.ts";
import type { ProxyContext } from "./context.ts";
import { FrontendRuntime, FrontendSlot } from "./frontend-runtime.ts";
import { beginTurn } from "./turn-clock.ts";

/**
 * The Frontends and Backends that the data path works by. They change one by one or as a whole; whatever does not
 * change keeps its connections, measurements and compiled routes.
 *
 * What takes long comes in steps of well below a millisecond: run them for as long as the turn of the event loop
 * allows, and go on in the next.
 */
export class ConfigurationInForce {
  readonly #context: ProxyContext;
  readonly #backends = new Map<string, BackendRuntime>();
  readonly #slots = new Map<string, FrontendSlot>();
  /** The last put of each Frontend that is being compiled: an earlier one comes to nothing. */
  readonly #compiling = new Map<string, VersionedFrontend>();
  #locality: Locality = {};

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  slot(destination: Destination): FrontendSlot | undefined {
    return this.#slots.get(destinationName(destination));
  }

  backend(name: string): BackendRuntime | undefined {
    return this.#backends.get(name);
  }

  get locality(): Locality {
    return this.#locality;
  }

  /** The Frontends in force. */
  frontends(): readonly VersionedFrontend[] {
    return [...this.#slots.values()].map(({ current: { frontend, version } }) => ({ frontend, version }));
  }

  backends(): IterableIterator<BackendRuntime> {
    return this.#backends.values();
  }

  /**
   * Puts a Frontend into force, by its address and port: till the last step the old one is, or none. Nothing comes of
   * the steps where the same Frontend is put or removed meanwhile.
   * @returns whether it is in force
   */
  putFrontendInSteps(versioned: VersionedFrontend): Generator<undefined, boolean> {
    const name = destinationName(versioned.frontend);
    // Now, and not with the first step, which may have to wait: a removal before it counts as well.
    this.#compiling.set(name, versioned);
    return this.#putInSteps(name, versioned);
  }

  *#putInSteps(name: string, versioned: VersionedFrontend): Generator<undefined, boolean> {
    const runtime = yield* this.#compile(versioned);
    if (this.#compiling.get(name) !== versioned) return false;
    this.#compiling.delete(name);
    if (runtime !== undefined) this.#putRuntime(name, runtime);
    return true;
  }

  /** Connections to it end with their next response. */
  removeFrontend(name: string): void {
    this.#compiling.delete(name);
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    slot.isGone = true;
    this.#slots.delete(name);
  }

  /** Puts a Backend into force at once. */
  putBackend(backend: Backend): void {
    const known = this.#backends.get(backend.name);
    if (known !== undefined) known.update(backend, this.#locality);
    else this.#backends.set(backend.name, new BackendRuntime(this.#context, backend, this.#locality));
  }

  removeBackend(name: string): void {
    this.#backends.get(name)?.retire();
    this.#backends.delete(name);
  }

  /** Says where the client runs, which may become known after the Backends. The last word counts. */
  *relocateInSteps(locality: Locality): Generator<undefined, void> {
    this.#locality = locality;
    for (const runtime of this.#backends.values()) {
      runtime.update(runtime.backend, this.#locality);
      yield;
    }
  }

  /** Nothing of the configuration is out of date any more. */
  becameCurrent(): void {
    for (const runtime of this.#backends.values()) runtime.retireServiceAddresses();
  }

  /**
   * Puts a configuration into force whole; begin no other before its end. Till the new routes are all compiled the old
   * ones are in force, then in one step the new ones; each backend changes by itself before that.
   */
  *applyInSteps({ frontends, backends, locality }: ProxyConfiguration): Generator<undefined, void> {
    const compiled = new Map<string, FrontendRuntime>();
    const wanted = new Set<string>();
    for (const versioned of frontends.values()) {
      const name = destinationName(versioned.frontend);
      wanted.add(name);
      const runtime = yield* this.#compile(versioned);
      if (runtime === undefined) continue;
      compiled.set(name, runtime);
      yield;
    }
    this.#locality = locality;
    for (const backend of backends.values()) {
      this.putBackend(backend);
      yield;
    }
    for (const [name, runtime] of compiled) this.#putRuntime(name, runtime);
    for (const name of this.#slots.keys()) if (!wanted.has(name)) this.removeFrontend(name);
    yield;
    for (const name of this.#backends.keys()) if (!backends.has(name)) this.removeBackend(name);
  }

  /** Nothing where this version is in force. */
  *#compile({ frontend, version }: VersionedFrontend): Generator<undefined, FrontendRuntime | undefined> {
    if (this.#slots.get(destinationName(frontend))?.current.version === version) return undefined;
    return new FrontendRuntime(this.#context, yield* compileFrontendInSteps(frontend), version);
  }

  #putRuntime(name: string, runtime: FrontendRuntime): void {
    const slot = this.#slots.get(name);
    if (slot !== undefined) {
      slot.current = runtime;
      return;
    }
    beginTurn();
    this.#slots.set(name, new FrontendSlot(runtime, this.#context.now()));
  }

  /**
   * Frontends that no connection holds and none has been to for so long, by name: whoever put them may remove them,
   * and put them again when they are wanted.
   */
  idleFrontends(idleMs: number): readonly string[] {
    beginTurn();
    const since = this.#context.now() - idleMs;
    return [...this.#slots]
      .filter(([, slot]) => slot.connections === 0 && slot.lastUsedMs <= since)
      .map(([name]) => name);
  }
}
