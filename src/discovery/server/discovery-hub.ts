import type { ResourceType } from "../resource-types.ts";
import type { HubEvents } from "./hub-events.ts";
import type { ResourceCatalogue, SidecarIdentity } from "./resource-catalogue.ts";
import type { SessionView } from "./session-view.ts";
import { SidecarSession, type StreamPort } from "./sidecar-session.ts";
import { SubscriberIndex } from "./subscriber-index.ts";

export interface HubOptions {
  readonly catalogue: ResourceCatalogue;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Runs a function in a later turn of the event loop. */
  readonly defer: (run: () => void) => void;
  readonly events: HubEvents;
}

/** Names whose content changed, appeared or vanished. */
export interface PublishedChanges {
  readonly frontends: Iterable<string>;
  readonly backends: Iterable<string>;
  /** The place of any sidecar may have changed. */
  readonly selves: boolean;
  /** When the oldest of these changes was seen, by the hub's clock; now, where it is not known. */
  readonly sinceMs?: number;
}

/** How long telling sidecars of a change may keep the event loop. */
const TURN_MS = 5;

/**
 * The sidecars that are connected to this replica, and who of them wants what. A change is told to its subscribers in
 * the same turn, as far as one turn allows. Bound: what one sidecar may ask for, times the streams that the server
 * accepts.
 */
export class DiscoveryHub {
  readonly #index = new SubscriberIndex<SidecarSession>();
  readonly #options: HubOptions;
  readonly #toFlush = new Set<SidecarSession>();
  #isFlushing = false;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** A stream whose sidecar is known. What it asks for goes to the session's `receive`. */
  open(identity: SidecarIdentity, port: StreamPort): SidecarSession {
    const { catalogue, now, events } = this.#options;
    const session = new SidecarSession(identity, port, { catalogue, index: this.#index, events, now });
    this.#index.sessions.add(session);
    return session;
  }

  /** Tells all subscribers of these names what the catalogue has for them now. */
  publish({ frontends, backends, selves, sinceMs = this.#options.now() }: PublishedChanges): void {
    if (selves) {
      for (const session of this.#index.sessions) {
        session.markSelfChanged(sinceMs);
        this.#toFlush.add(session);
      }
    }
    this.#mark("Backend", backends, sinceMs);
    this.#mark("Frontend", frontends, sinceMs);
    if (!this.#isFlushing) this.#flush();
  }

  get sessionCount(): number {
    return this.#index.sessions.size;
  }

  /** How many names of a type somebody subscribes to. */
  nameCount(type: ResourceType): number {
    return this.#index.names(type);
  }

  /** For graceful shutdown: all sessions at this moment. */
  get openSessions(): readonly SidecarSession[] {
    return [...this.#index.sessions];
  }

  /** For people; made one by one, while they are asked for. */
  *sessions(): Generator<SessionView> {
    for (const session of this.#index.sessions) yield session.view();
  }

  #mark(type: ResourceType, names: Iterable<string>, sinceMs: number): void {
    for (const name of names) {
      for (const subscription of this.#index.of(type, name)) {
        subscription.session.markChanged(type, subscription, sinceMs);
        this.#toFlush.add(subscription.session);
      }
    }
  }

  #flush(): void {
    const { now, defer } = this.#options;
    const untilMs = now() + TURN_MS;
    for (const session of this.#toFlush) {
      this.#toFlush.delete(session);
      session.flush();
      if (now() >= untilMs) break;
    }
    this.#isFlushing = this.#toFlush.size > 0;
    if (this.#isFlushing) defer(() => this.#flush());
  }
}
