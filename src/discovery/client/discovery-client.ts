import type { Frontend } from "../../binding/frontend.ts";
import type { Result } from "../../resources/result.ts";
import { type EncodedResource, type ResourceType, SELF_NAME } from "../resource-types.ts";
import { BackendTable } from "./backend-table.ts";
import type {
  ClientClock,
  ClientLog,
  DeltaResponse,
  DiscoveryTransport,
  ResourceCodec,
  ResourceSink,
  SnapshotStore,
  StoredResource,
} from "./client-ports.ts";
import { type ConnectionView, ControllerLink } from "./controller-link.ts";
import { FrontendTable } from "./frontend-table.ts";
import { namedBackends } from "./named-backends.ts";
import { describeRejections, type Rejection, rejectionOf } from "./rejection.ts";
import { SnapshotWriter } from "./snapshot/snapshot-writer.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Turns } from "./turns.ts";
import { UnlearnedNames } from "./unlearned-names.ts";
import { Waiters } from "./waiters.ts";

/**
 * Names, of Frontends and Backends, that can be subscribed to before no more destinations are learned: what a pod calls
 * besides passes through. A controller ends streams that subscribe to more than 10,000.
 */
const MOST_NAMES = 8_000;
/** No Frontend is taken whose Backends would come to more: without end, streams would be ended for it. */
const MOST_NAMES_AT_ALL = 9_990;

export interface DiscoveryClientOptions {
  readonly clock: ClientClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: ClientLog;
  readonly sink: ResourceSink;
  readonly codec: ResourceCodec;
  readonly transport: DiscoveryTransport;
  /** Undefined: nothing is kept over restarts. */
  readonly snapshots: SnapshotStore | undefined;
}

/** Counters since the start. */
export interface DiscoveryStatistics {
  /** Streams that the controller took, that were lost afterwards, and that could not be had. */
  readonly connects: number;
  readonly losses: number;
  readonly failedAttempts: number;
  readonly resources: number;
  readonly rejectedResources: number;
  readonly snapshotsWritten: number;
  readonly snapshotsFailed: number;
}

/** What is in force and what is not, for people to read. */
export interface DiscoveryDescription {
  readonly connection: ConnectionView;
  /** Versions by name. `next`: waits for its Backends. */
  readonly frontends: Readonly<Record<string, { readonly version?: string; readonly next?: string }>>;
  readonly backends: Readonly<Record<string, string>>;
  /** Asked for, and unknown to the controller. */
  readonly unknown: readonly string[];
  readonly rejected: readonly Rejection[];
}

/**
 * The sidecar's side of delta xDS: learns destinations when they are first dialled, has the controller push what
 * becomes of them, and keeps the last good state through everything that can happen to the controller.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */
export class DiscoveryClient {
  readonly #options: DiscoveryClientOptions;
  readonly #link: ControllerLink;
  readonly #frontendNames = new Subscriptions("Frontend", (name) => this.#frontends.versionOf(name));
  readonly #backendNames = new Subscriptions("Backend", (name) => this.#backends.versionOf(name));
  readonly #selfName = new Subscriptions("Self", () => this.#self?.version);
  readonly #frontends: FrontendTable;
  readonly #backends: BackendTable;
  readonly #turns: Turns;
  readonly #unlearned = new UnlearnedNames();
  readonly #waiters: Waiters;
  readonly #snapshot: SnapshotWriter | undefined;
  #self: EncodedResource | undefined;
  #selfRejection: Rejection | undefined;
  #resources = 0;
  #rejectedResources = 0;

  constructor(options: DiscoveryClientOptions) {
    this.#options = options;
    const { clock, sink, log, snapshots } = options;
    this.#link = new ControllerLink({ ...options, owner: this.#linkOwner });
    this.#turns = new Turns(clock);
    const isConnected = (): boolean => this.#link.isConnected;
    this.#backends = new BackendTable({
      clock,
      sink,
      isConnected,
      subscriptions: this.#backendNames,
      onChange: () => {
        this.#flush();
        this.#snapshot?.changed();
      },
    });
    this.#frontends = new FrontendTable({
      clock,
      sink,
      isConnected,
      backends: this.#backends,
      subscriptions: this.#frontendNames,
      onInForce: (name) => {
        this.#snapshot?.changed();
        this.#waiters.settle(name, true);
      },
    });
    this.#waiters = new Waiters(clock, (name) => {
      const entry = this.#frontends.get(name);
      if (entry !== undefined) entry.isLate = true;
    });
    this.#snapshot =
      snapshots && new SnapshotWriter({ clock, log, store: snapshots, content: () => this.#stored() });
  }

  /** Puts into force what the snapshot has, at once; then connects. */
  start(): void {
    if (this.#snapshot !== undefined) this.#restore(this.#snapshot.read());
    this.#link.start();
  }

  /** Ends the stream and all timers. What is in force stays so. */
  async stop(): Promise<void> {
    this.#link.stop();
    this.#turns.clear();
    this.#frontends.onLost();
    this.#backends.stop();
    this.#waiters.settleAllUnknown(() => false);
    await this.#snapshot?.stop();
  }

  /**
   * Asks for the destination of a connection that nothing is in force for.
   * @param name of the Frontend: `IP:port`
   * @param onSettled called once, never from within this: true when the destination is in force, false when the
   *   connection has waited long enough or there is no such destination
   * @returns what ends the wait. Undefined where there is nothing to wait for: the connection passes through at once
   *   (and is learned about meanwhile, if there is room)
   */
  learn(name: string, onSettled: (isKnown: boolean) => void): (() => void) | undefined {
    const entry = this.#frontends.get(name) ?? this.#add(name);
    if (entry === undefined) return undefined;
    if (entry.isInForce) return undefined;
    if (!entry.isLearned) this.#unlearned.touch(entry, this.#options.clock.now());
    if (entry.answer === "absent" || entry.answer === "rejected" || entry.isLate) return undefined;
    if (entry.held === undefined && !this.#link.isHopeful) return undefined;
    return this.#waiters.add(name, onSettled);
  }

  knows(name: string): "known" | "unknown-to-controller" | "not-learned" {
    const entry = this.#frontends.get(name);
    if (entry?.isInForce === true) return "known";
    return entry?.answer === "absent" ? "unknown-to-controller" : "not-learned";
  }

  /** Ends the subscriptions of Frontends that no connection uses; they go. While disconnected all stay. */
  forget(names: Iterable<string>): void {
    if (!this.#link.isConnected) return;
    for (const name of names) {
      const entry = this.#frontends.get(name);
      if (entry !== undefined && !this.#waiters.has(name)) this.#drop(entry.name);
    }
    this.#flush();
  }

  get connection(): ConnectionView {
    return this.#link.view;
  }

  get statistics(): DiscoveryStatistics {
    return {
      connects: this.#link.connects,
      losses: this.#link.losses,
      failedAttempts: this.#link.failedAttempts,
      resources: this.#resources,
      rejectedResources: this.#rejectedResources,
      snapshotsWritten: this.#snapshot?.written ?? 0,
      snapshotsFailed: this.#snapshot?.failed ?? 0,
    };
  }

  /** Sizes of what is kept, for tests of the bounds. */
  get sizes(): { readonly [table: string]: number } {
    return {
      frontends: this.#frontends.size,
      backends: this.#backends.size,
      waitingFrontends: this.#frontends.waiting,
      unlearnedFrontends: this.#unlearned.size,
      waitingConnections: this.#waiters.size,
    };
  }

  describe(): DiscoveryDescription {
    const frontends: Record<string, { version?: string; next?: string }> = {};
    const rejected = [...this.#backends.rejections()];
    for (const { name, held, next, rejection } of this.#frontends.entries()) {
      if (rejection !== undefined) rejected.push(rejection);
      if (held === undefined && next === undefined) continue;
      frontends[name] = {
        ...(held !== undefined && { version: held.resource.version }),
        ...(next !== undefined && { next: next.resource.version }),
      };
    }
    if (this.#selfRejection !== undefined) rejected.push(this.#selfRejection);
    const backends = Object.fromEntries(
      [...this.#backends.held()].map(({ name, version }) => [name, version]),
    );
    const unknown = [...this.#unlearned.values()].filter(({ answer }) => answer === "absent");
    return {
      connection: this.connection,
      frontends,
      backends,
      unknown: unknown.map(({ name }) => name),
      rejected,
    };
  }

  readonly #linkOwner = {
    onStream: (): void => {
      this.#selfName.restart([SELF_NAME]);
      this.#frontendNames.restart(this.#frontends.names());
      this.#backendNames.restart(this.#backends.names());
      for (const entry of this.#unlearned.values()) entry.isLate = false;
      this.#flush();
    },
    onConnected: (): void => this.#frontends.onConnected(),
    onResponse: (response: DeltaResponse): void => this.#turns.do(this.#take(response)),
    onWritable: (): void => this.#flush(),
    onLost: (): void => {
      // What was not taken yet was not acknowledged, and comes again.
      this.#turns.clear();
      this.#frontends.activateComplete();
      this.#frontends.onLost();
      this.#backends.onLost();
      if (this.#link.isHopeful) return;
      // What is being put into force needs no controller for that.
      this.#waiters.settleAllUnknown((name) => this.#frontends.get(name)?.held !== undefined);
    },
  };

  get #names(): number {
    return this.#frontends.size + this.#backends.size;
  }

  #flush(): void {
    this.#selfName.flush(this.#link);
    this.#frontendNames.flush(this.#link);
    this.#backendNames.flush(this.#link);
  }

  #add(name: string): ReturnType<FrontendTable["get"]> {
    const idle = this.#unlearned.makeRoom(this.#options.clock.now());
    if (idle === undefined || this.#names - idle.length >= MOST_NAMES) return undefined;
    for (const entry of idle) this.#drop(entry.name);
    const entry = this.#frontends.add(name);
    this.#flush();
    return entry;
  }

  #addStored(name: string): void {
    if (this.#frontends.get(name) === undefined && this.#names < MOST_NAMES) this.#frontends.add(name);
  }

  #drop(name: string): void {
    const entry = this.#frontends.get(name);
    if (entry === undefined) return;
    this.#unlearned.delete(entry);
    this.#frontends.drop(entry);
    this.#snapshot?.changed();
  }

  /** Takes all of a response that is good, and says of the rest what is wrong. */
  *#take(response: DeltaResponse): Generator<undefined, void> {
    const { type, nonce, resources, removed } = response;
    this.#resources += resources.length;
    const rejections: Rejection[] = [];
    for (const resource of resources) {
      const rejection = yield* this.#takeResource(type, resource);
      if (rejection !== undefined) rejections.push(rejection);
      yield;
    }
    for (const name of removed) this.#remove(type, name);
    if (type === "Backend") this.#frontends.activateComplete();
    this.#rejectedResources += rejections.length;
    const error = rejections.length === 0 ? undefined : describeRejections(rejections);
    this.#link.send({ type, subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce, error });
    this.#flush();
    this.#snapshot?.changed();
  }

  *#takeResource(type: ResourceType, resource: EncodedResource): Generator<undefined, Rejection | undefined> {
    switch (type) {
      case "Frontend":
        return yield* this.#takeFrontend(resource);
      case "Backend":
        return this.#takeBackend(resource);
      case "Self":
        return this.#takeSelf(resource);
    }
  }

  *#takeFrontend(resource: EncodedResource): Generator<undefined, Rejection | undefined> {
    if (this.#frontends.get(resource.name) === undefined) return undefined;
    const result = this.#withRoom(yield* this.#options.codec.frontend(resource.name, resource.bytes));
    const entry = this.#frontends.get(resource.name);
    if (entry === undefined) return undefined;
    if (result.kind === "invalid") {
      const rejection = rejectionOf("Frontend", resource, result.problems);
      this.#report(rejection, entry.rejection);
      this.#frontends.reject(entry, rejection);
      if (entry.answer === "rejected") this.#waiters.settle(entry.name, false);
      return rejection;
    }
    entry.isLate = false;
    this.#unlearned.delete(entry);
    this.#frontends.receive(entry, resource, result.value);
    return undefined;
  }

  #withRoom(result: Result<Frontend>): Result<Frontend> {
    if (result.kind === "invalid") return result;
    const added = namedBackends(result.value).filter((name) => !this.#backends.has(name)).length;
    if (this.#names + added <= MOST_NAMES_AT_ALL) return result;
    const message = `names ${added} Backends more, too many for a sidecar that has ${this.#names} names`;
    return { kind: "invalid", problems: [{ path: "", message }] };
  }

  #takeBackend(resource: EncodedResource): Rejection | undefined {
    const result = this.#options.codec.backend(resource.name, resource.bytes);
    if (result.kind === "invalid") {
      const rejection = rejectionOf("Backend", resource, result.problems);
      this.#report(rejection, this.#backends.reject(rejection));
      return rejection;
    }
    this.#backends.put(resource, result.value);
    return undefined;
  }

  #takeSelf(resource: EncodedResource): Rejection | undefined {
    if (resource.name !== SELF_NAME) return undefined;
    const result = this.#options.codec.self(resource.name, resource.bytes);
    if (result.kind === "invalid") {
      const rejection = rejectionOf("Self", resource, result.problems);
      this.#report(rejection, this.#selfRejection);
      this.#selfRejection = rejection;
      return rejection;
    }
    this.#selfRejection = undefined;
    this.#self = resource;
    this.#options.sink.putSelf(result.value);
    return undefined;
  }

  /** Told once of what is wrong with a name, however often it changes and is wrong again in the same way. */
  #report({ reason, ...which }: Rejection, before: Rejection | undefined): void {
    if (before?.reason === reason) return;
    const message = "the controller sent what can't be used; what was there before stays";
    this.#options.log.warn(message, { ...which, error: reason });
  }

  #remove(type: ResourceType, name: string): void {
    switch (type) {
      case "Frontend": {
        const entry = this.#frontends.get(name);
        if (entry === undefined) return;
        if (entry.isLearned) this.#unlearned.touch(entry, this.#options.clock.now());
        this.#frontends.remove(entry);
        this.#waiters.settle(name, false);
        return;
      }
      case "Backend":
        this.#backends.remove(name);
        return;
      // A pod's place does not go away: nothing is known of it for now.
      case "Self":
    }
  }

  /** In force, in the order in which they can be put into force again. */
  *#stored(): Generator<StoredResource> {
    if (this.#self !== undefined) yield { ...this.#self, type: "Self" };
    for (const resource of this.#backends.held()) yield { ...resource, type: "Backend" };
    for (const { held } of this.#frontends.entries()) {
      if (held !== undefined) yield { ...held.resource, type: "Frontend" };
    }
  }

  #restore(resources: readonly StoredResource[]): void {
    const rejections: Rejection[] = [];
    const take = (type: ResourceType): void => {
      for (const resource of resources) {
        if (resource.type !== type) continue;
        if (type === "Frontend") this.#addStored(resource.name);
        const rejection = resultOf(this.#takeResource(type, resource));
        if (rejection !== undefined) rejections.push(rejection);
      }
    };
    take("Self");
    take("Frontend");
    take("Backend");
    this.#frontends.activateComplete();
    for (const { type, name } of rejections) if (type === "Frontend") this.#drop(name);
    if (rejections.length === 0) return;
    this.#options.log.warn("some of the snapshot can't be used", {
      resources: rejections.length,
      error: describeRejections(rejections),
    });
  }
}

/** Does all steps at once. */
function resultOf<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
