import type { EncodedResource, ResourceType } from "../resource-types.ts";
import { removedField, resourceField } from "./response-writer.ts";
import type { NackView, ResourceView, SyncState, TypeView } from "./session-view.ts";
import { ABSENT, newSubscription, type Subscription } from "./subscription.ts";

/** The elements of one response, and what they tell whom. */
export interface Batch {
  readonly elements: readonly Uint8Array[];
  readonly present: number;
  readonly absent: number;
  /** The oldest change or request that it answers. */
  readonly sinceMs: number;
}

export interface Settled {
  /** The first of those in the response. */
  readonly names: readonly string[];
  readonly sinceMs: number;
}

/** Which of the names that wait may be told of: those that exist, those that do not, or both. */
export type Wanted = "present" | "absent" | "all";

/** Told of a refusal that no sidecar needs to be asked for. */
type OnForeseen = (refused: { readonly names: readonly string[]; readonly reason: string }) => void;

type Lookup = (name: string) => EncodedResource | undefined;

interface Told<Session> {
  readonly subscription: Subscription<Session>;
  readonly version: string;
}

interface Outstanding<Session> {
  readonly told: readonly Told<Session>[];
  readonly sinceMs: number;
}

interface Nack {
  readonly reason: string;
  readonly atMs: number;
  readonly resources: readonly { readonly name: string; readonly version: string }[];
}

/** Of a response, a resource that is larger goes alone. */
const MAX_RESPONSE_BYTES = 1_000_000;
/** A sidecar ends a stream that brings a message of more than 4 MB, and would come to the same on the next one. */
const MAX_RESOURCE_BYTES = 4_000_000;
const MAX_NACK_RESOURCES = 16;

/**
 * What one sidecar wants of one type, what it was told and what it said to it. Names that changed wait in a set: for
 * each only the latest content is sent, however often it changed meanwhile, and it is looked up only then.
 */
export class TypeLedger<Session> {
  readonly type: ResourceType;
  readonly #subscriptions = new Map<string, Subscription<Session>>();
  readonly #waiting = new Set<Subscription<Session>>();
  readonly #outstanding = new Map<string, Outstanding<Session>>();
  #staleCount = 0;
  #unanswered = 0;
  #lastNack: Nack | undefined;
  readonly #now: () => number;
  readonly #onForeseen: OnForeseen;

  constructor(type: ResourceType, now: () => number, onForeseen: OnForeseen) {
    this.type = type;
    this.#now = now;
    this.#onForeseen = onForeseen;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** How many resources were sent, and removals, that the sidecar has neither taken nor refused. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Whether names wait to be sent, or will once the sidecar has answered. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0 || this.#staleCount > 0;
  }

  get subscriptions(): Iterable<Subscription<Session>> {
    return this.#subscriptions.values();
  }

  /** Starts anew where the name is subscribed to already: the sidecar wants to be told again. */
  subscribe(session: Session, name: string, nowMs: number): Subscription<Session> {
    const subscription = newSubscription(session, name);
    subscription.behindSinceMs = nowMs;
    this.#subscriptions.set(name, subscription);
    this.#waiting.add(subscription);
    return subscription;
  }

  unsubscribe(name: string): Subscription<Session> | undefined {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return undefined;
    this.#subscriptions.delete(name);
    this.#waiting.delete(subscription);
    if (subscription.isStale) this.#staleCount--;
    subscription.isStale = false;
    return subscription;
  }

  /** The sidecar has this version from an earlier stream. Only news of a name that it was told nothing of yet. */
  hold(name: string, version: string): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription?.sent !== undefined || subscription === undefined || version === ABSENT) return;
    subscription.accepted = version;
    subscription.sent = version;
  }

  /** There may be other content for a subscription of this ledger. */
  markChanged(subscription: Subscription<Session>, nowMs: number): void {
    subscription.behindSinceMs ??= nowMs;
    if (!subscription.isInFlight) this.#waiting.add(subscription);
    else if (!subscription.isStale) {
      subscription.isStale = true;
      this.#staleCount++;
    }
  }

  /** Takes what fits into one response out of what waits; undefined if nothing is to be told. `nonce` is its own. */
  takeBatch(lookup: Lookup, nonce: string, wanted: Wanted): Batch | undefined {
    const told: Told<Session>[] = [];
    const elements: Uint8Array[] = [];
    let sinceMs = Number.POSITIVE_INFINITY;
    let sizeBytes = 0;
    let absent = 0;
    for (const subscription of this.#waiting) {
      if (subscription.isSuspect && told.length > 0) continue;
      const resource = lookup(subscription.name);
      if (wanted !== "all" && (resource === undefined) !== (wanted === "absent")) continue;
      const version = resource?.version ?? ABSENT;
      if (version === subscription.sent || version === subscription.refused) {
        this.#waiting.delete(subscription);
        if (version === subscription.accepted) subscription.behindSinceMs = undefined;
        continue;
      }
      const element =
        resource === undefined ? removedField(subscription.name) : resourceField(this.type, resource);
      if (element.length > MAX_RESOURCE_BYTES) {
        this.#foresee({ subscription, version }, element.length);
        continue;
      }
      if (sizeBytes + element.length > MAX_RESPONSE_BYTES && told.length > 0) break;
      this.#waiting.delete(subscription);
      subscription.sent = version;
      subscription.isInFlight = true;
      told.push({ subscription, version });
      elements.push(element);
      sizeBytes += element.length;
      if (resource === undefined) absent++;
      sinceMs = Math.min(sinceMs, subscription.behindSinceMs ?? sinceMs);
      if (subscription.isSuspect) break;
    }
    if (told.length === 0) return undefined;
    this.#outstanding.set(nonce, { told, sinceMs });
    this.#unanswered += told.length;
    return { elements, present: told.length - absent, absent, sinceMs };
  }

  #foresee(told: Told<Session>, sizeBytes: number): void {
    const { subscription, version } = told;
    const reason = `has ${sizeBytes} bytes, more than ${MAX_RESOURCE_BYTES}`;
    this.#waiting.delete(subscription);
    subscription.refused = version;
    this.#note([told], reason, this.#now());
    this.#onForeseen({ names: [subscription.name], reason });
  }

  /** The sidecar took the response of that nonce; undefined if none of that nonce is waited for. */
  ack(nonce: string): Settled | undefined {
    return this.#settle(nonce, ({ subscription, version }) => {
      subscription.accepted = version;
      subscription.refused = undefined;
      subscription.isSuspect = false;
      if (!subscription.isStale) subscription.behindSinceMs = undefined;
    });
  }

  /**
   * The sidecar refused something of it, and keeps what it had of that. Of several resources it may have taken the
   * others: each is tried once more on its own. Nothing can be wrong with removals.
   */
  nack(nonce: string, reason: string, nowMs: number): Settled | undefined {
    const told = this.#outstanding.get(nonce)?.told;
    if (told === undefined) return undefined;
    this.#note(told, reason, nowMs);
    const isFinal = told.length === 1 || told.every(({ version }) => version === ABSENT);
    return this.#settle(nonce, ({ subscription, version }) => {
      // Nobody knows what it has now, after several refusals in a row least of all.
      subscription.sent = undefined;
      subscription.isSuspect = !isFinal && version !== ABSENT;
      if (isFinal) subscription.refused = version;
      else this.#waiting.add(subscription);
    });
  }

  #note(told: readonly Told<Session>[], reason: string, atMs: number): void {
    const resources = told
      .slice(0, MAX_NACK_RESOURCES)
      .map(({ subscription: { name }, version }) => ({ name, version }));
    this.#lastNack = { reason, atMs, resources };
  }

  #settle(nonce: string, answer: (told: Told<Session>) => void): Settled | undefined {
    const outstanding = this.#outstanding.get(nonce);
    if (outstanding === undefined) return undefined;
    this.#outstanding.delete(nonce);
    this.#unanswered -= outstanding.told.length;
    for (const told of outstanding.told) {
      const { subscription } = told;
      if (this.#subscriptions.get(subscription.name) !== subscription) continue;
      subscription.isInFlight = false;
      answer(told);
      if (!subscription.isStale) continue;
      subscription.isStale = false;
      this.#staleCount--;
      this.#waiting.add(subscription);
    }
    const names = outstanding.told.slice(0, MAX_NACK_RESOURCES).map((told) => told.subscription.name);
    return { names, sinceMs: outstanding.sinceMs };
  }

  get state(): SyncState {
    let state: SyncState = "in-sync";
    for (const { behindSinceMs, refused } of this.#subscriptions.values()) {
      if (behindSinceMs === undefined) continue;
      if (refused !== undefined) return "refused";
      state = "behind";
    }
    return state;
  }

  view(nowMs: number): TypeView {
    const resources = [...this.#subscriptions.values()].map((subscription) => viewOf(subscription, nowMs));
    const behind = resources.flatMap(({ behindForMs }) => behindForMs ?? []);
    return {
      type: this.type,
      state: this.state,
      resources,
      ...(behind.length > 0 && { behindForMs: behind.reduce((a, b) => Math.max(a, b)) }),
      ...(this.#lastNack !== undefined && { lastNack: viewNack(this.#lastNack, nowMs) }),
    };
  }
}

function viewOf({ name, sent, accepted, behindSinceMs }: Subscription<unknown>, nowMs: number): ResourceView {
  return {
    name,
    ...(sent !== undefined && { sentVersion: sent }),
    ...(accepted !== undefined && { acceptedVersion: accepted }),
    ...(behindSinceMs !== undefined && { behindForMs: nowMs - behindSinceMs }),
  };
}

function viewNack({ reason, atMs, resources }: Nack, nowMs: number): NackView {
  return { reason, ageMs: nowMs - atMs, resources };
}
