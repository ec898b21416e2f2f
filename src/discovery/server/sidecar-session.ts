import type { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery.ts";
import {
  type EncodedResource,
  type ResourceType,
  resourceTypeOf,
  SELF_NAME,
  typeUrl,
} from "../resource-types.ts";
import type { HubEvents } from "./hub-events.ts";
import type { ResourceCatalogue, SidecarIdentity } from "./resource-catalogue.ts";
import { removedField, writeResponse } from "./response-writer.ts";
import type { SessionView, SyncState } from "./session-view.ts";
import { exhausted, type StreamEnd } from "./stream-end.ts";
import type { SubscriberIndex } from "./subscriber-index.ts";
import type { Subscription } from "./subscription.ts";
import { TypeLedger, type Wanted } from "./type-ledger.ts";

/** The stream to a sidecar, as the session sees it. */
export interface StreamPort {
  /** Takes one message. False: no more for now; the session's `resume` is called once there is room again. */
  send(message: Uint8Array): boolean;
  /** Ends the stream after what was sent. Nothing is sent any more. */
  end(end: StreamEnd): void;
}

/** What all sessions share. */
export interface SessionContext {
  readonly catalogue: ResourceCatalogue;
  readonly index: SubscriberIndex<SidecarSession>;
  readonly events: HubEvents;
  readonly now: () => number;
}

/** Names of one request and of one sidecar: many more than the Services that one pod calls. */
const MAX_NAMES = 10_000;
/** The longest name of ours has 133 characters (namespace, service, port). */
const MAX_NAME_LENGTH = 256;
/** Sent and not answered: all names, and once more those that are subscribed to anew meanwhile. */
const MAX_UNANSWERED = 2 * MAX_NAMES;
/** Versions of ours have eleven characters; what is longer is none of them. */
const MAX_VERSION_LENGTH = 64;
const MAX_CLIENT_LENGTH = 128;
const MAX_REASON_LENGTH = 1024;

/**
 * The order in which changes go out: a Backend before the Frontend that begins to name it, and its removal after the
 * Frontend that names it no more.
 */
const STAGES: readonly {
  readonly type: ResourceType;
  readonly wanted: Wanted;
  readonly after?: ResourceType;
}[] = [
  { type: "Self", wanted: "all" },
  { type: "Backend", wanted: "present" },
  { type: "Frontend", wanted: "all" },
  { type: "Backend", wanted: "absent", after: "Frontend" },
];

/**
 * One stream of one sidecar: its subscriptions and what it has. Sends as much as the stream takes at once; what does
 * not fit waits as names, so that a slow sidecar costs neither memory nor encoding.
 */
export class SidecarSession {
  readonly identity: SidecarIdentity;
  readonly #port: StreamPort;
  readonly #context: SessionContext;
  readonly #ledgers: Readonly<Record<ResourceType, TypeLedger<SidecarSession>>>;
  /** Names by type that a newer sidecar asks for, of types that this version does not know: nothing of them exists. */
  readonly #unknown = new Map<string, Set<string>>();
  readonly #connectedAtMs: number;
  #client = { id: "", version: "" };
  #nonces = 0;
  #isBlocked = false;
  #isClosed = false;

  constructor(identity: SidecarIdentity, port: StreamPort, context: SessionContext) {
    this.identity = identity;
    this.#port = port;
    this.#context = context;
    this.#connectedAtMs = context.now();
    const ledger = (type: ResourceType): TypeLedger<SidecarSession> =>
      new TypeLedger(type, context.now, (refused) => context.events.onNack({ type, identity, ...refused }));
    this.#ledgers = { Frontend: ledger("Frontend"), Backend: ledger("Backend"), Self: ledger("Self") };
  }

  /** Takes one request; one that is out of bounds ends the stream. */
  receive(request: DeltaDiscoveryRequest): void {
    if (this.#isClosed) return;
    const fault = boundFault(request);
    if (fault !== undefined) {
      this.end(exhausted(fault));
      return;
    }
    if (request.node !== undefined) this.#client = clientOf(request.node);
    const type = resourceTypeOf(request.typeUrl);
    if (type === undefined) {
      this.#deny(request);
    } else {
      this.#settle(type, request);
      this.#subscribe(type, request);
    }
    this.flush();
    if (this.#sum(({ unanswered }) => unanswered) > MAX_UNANSWERED)
      this.end(exhausted(`more than ${MAX_UNANSWERED} resources unanswered`));
  }

  /** There may be other content for a subscription of this session; `flush` tells the sidecar. */
  markChanged(type: ResourceType, subscription: Subscription<SidecarSession>, sinceMs: number): void {
    this.#ledgers[type].markChanged(subscription, sinceMs);
  }

  /** Its place may have changed; `flush` tells the sidecar. */
  markSelfChanged(sinceMs: number): void {
    for (const subscription of this.#ledgers.Self.subscriptions)
      this.markChanged("Self", subscription, sinceMs);
  }

  /** Sends what waits, as far as the stream takes it. */
  flush(): void {
    while (!this.#isBlocked && !this.#isClosed) {
      const message = this.#nextResponse();
      if (message === undefined) return;
      this.#send(message);
    }
  }

  /** The stream takes more again. */
  resume(): void {
    this.#isBlocked = false;
    this.flush();
  }

  /** Ends the stream from this side. */
  end(end: StreamEnd): void {
    if (this.#isClosed) return;
    this.close();
    this.#port.end(end);
  }

  /** The stream is gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const [type, ledger] of Object.entries(this.#ledgers)) {
      for (const subscription of ledger.subscriptions) {
        this.#context.index.remove(type as ResourceType, subscription);
      }
    }
    this.#context.index.sessions.delete(this);
  }

  /** The worst of its types; much cheaper than a view. */
  get state(): SyncState {
    const states = Object.values(this.#ledgers).map((ledger) => ledger.state);
    return (
      states.find((state) => state === "refused") ?? states.find((state) => state === "behind") ?? "in-sync"
    );
  }

  view(): SessionView {
    const nowMs = this.#context.now();
    const types = Object.values(this.#ledgers).map((ledger) => ledger.view(nowMs));
    const behind = types.flatMap(({ behindForMs }) => behindForMs ?? []);
    return {
      identity: this.identity,
      client: this.#client,
      connectedForMs: nowMs - this.#connectedAtMs,
      types,
      ...(behind.length > 0 && { behindForMs: Math.max(...behind) }),
    };
  }

  #deny({ typeUrl, resourceNamesSubscribe }: DeltaDiscoveryRequest): void {
    if (resourceNamesSubscribe.length === 0) return;
    const names = this.#unknown.getOrInsertComputed(typeUrl, () => new Set());
    for (const name of resourceNamesSubscribe) names.add(name);
    const count = [...this.#unknown.values()].reduce((sum, { size }) => sum + size, 0);
    if (count > MAX_NAMES) this.end(exhausted(`more than ${MAX_NAMES} names of unknown types`));
  }

  #settle(type: ResourceType, { responseNonce, errorDetail }: DeltaDiscoveryRequest): void {
    if (responseNonce === "") return;
    const { events, now } = this.#context;
    const nowMs = now();
    const ledger = this.#ledgers[type];
    if (errorDetail === undefined) {
      const settled = ledger.ack(responseNonce);
      if (settled !== undefined) events.onAck({ type, tookMs: nowMs - settled.sinceMs });
      return;
    }
    const reason = clipped(errorDetail.message, MAX_REASON_LENGTH);
    const settled = ledger.nack(responseNonce, reason, nowMs);
    if (settled !== undefined) events.onNack({ type, identity: this.identity, names: settled.names, reason });
  }

  #subscribe(type: ResourceType, request: DeltaDiscoveryRequest): void {
    const { index, now } = this.#context;
    const ledger = this.#ledgers[type];
    const unsubscribe = (name: string): void => {
      const subscription = ledger.unsubscribe(name);
      if (subscription !== undefined) index.remove(type, subscription);
    };
    request.resourceNamesUnsubscribe.forEach(unsubscribe);
    const nowMs = now();
    for (const name of request.resourceNamesSubscribe) {
      unsubscribe(name);
      index.add(type, ledger.subscribe(this, name, nowMs));
    }
    // Sidecars with many names say in several requests what they have already.
    for (const [name, version] of request.initialResourceVersions) {
      if (version.length <= MAX_VERSION_LENGTH) ledger.hold(name, version);
    }
    if (this.#sum(({ size }) => size) > MAX_NAMES)
      this.end(exhausted(`more than ${MAX_NAMES} subscriptions`));
  }

  #sum(of: (ledger: TypeLedger<SidecarSession>) => number): number {
    return Object.values(this.#ledgers).reduce((sum, ledger) => sum + of(ledger), 0);
  }

  #nextResponse(): Uint8Array | undefined {
    const [unknown] = this.#unknown;
    if (unknown !== undefined) {
      const [url, names] = unknown;
      this.#unknown.delete(url);
      return writeResponse(url, this.#nextNonce(), [...names].map(removedField));
    }
    for (const { type, wanted, after } of STAGES) {
      if (after !== undefined && this.#ledgers[after].hasWaiting) continue;
      const nonce = this.#nextNonce();
      const batch = this.#ledgers[type].takeBatch((name) => this.#lookup(type, name), nonce, wanted);
      if (batch === undefined) continue;
      const message = writeResponse(typeUrl(type), nonce, batch.elements);
      this.#context.events.onPush({
        type,
        resources: batch.present,
        removed: batch.absent,
        sizeBytes: message.length,
        waitedMs: this.#context.now() - batch.sinceMs,
      });
      return message;
    }
    return undefined;
  }

  #lookup(type: ResourceType, name: string): EncodedResource | undefined {
    const { catalogue } = this.#context;
    switch (type) {
      case "Frontend":
        return catalogue.frontend(name, this.identity.namespace);
      case "Backend":
        return catalogue.backend(name);
      case "Self":
        return name === SELF_NAME ? catalogue.self(this.identity) : undefined;
    }
  }

  #send(message: Uint8Array): void {
    this.#isBlocked = !this.#port.send(message) || this.#isBlocked;
  }

  #nextNonce(): string {
    this.#nonces++;
    return this.#nonces.toString(36);
  }
}

function boundFault(request: DeltaDiscoveryRequest): string | undefined {
  const {
    resourceNamesSubscribe: added,
    resourceNamesUnsubscribe: dropped,
    initialResourceVersions,
  } = request;
  const count = added.length + dropped.length + initialResourceVersions.size;
  if (count > 3 * MAX_NAMES || added.length > MAX_NAMES) return `more than ${MAX_NAMES} names`;
  const isLong = (text: string): boolean => text.length > MAX_NAME_LENGTH;
  if (added.some(isLong) || isLong(request.typeUrl))
    return `a name of more than ${MAX_NAME_LENGTH} characters`;
  return undefined;
}

function clientOf(node: NonNullable<DeltaDiscoveryRequest["node"]>): { id: string; version: string } {
  const version = `${node.userAgentName} ${node.userAgentVersionType?.value ?? ""}`.trim();
  return { id: clipped(node.id, MAX_CLIENT_LENGTH), version: clipped(version, MAX_CLIENT_LENGTH) };
}

/** The beginning of a text, as a copy: a part of a long string would keep all of it in memory. */
function clipped(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(text.slice(0, length)).toString();
}
