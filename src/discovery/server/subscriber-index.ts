import type { ResourceType } from "../resource-types.ts";
import type { Subscription } from "./subscription.ts";

/** Who wants what: all sessions, and by type and name their subscriptions. */
export class SubscriberIndex<Session> {
  readonly sessions = new Set<Session>();
  readonly #byName: Readonly<Record<ResourceType, Map<string, Set<Subscription<Session>>>>> = {
    Frontend: new Map(),
    Backend: new Map(),
    Self: new Map(),
  };

  add(type: ResourceType, subscription: Subscription<Session>): void {
    this.#byName[type].getOrInsertComputed(subscription.name, () => new Set()).add(subscription);
  }

  remove(type: ResourceType, subscription: Subscription<Session>): void {
    const subscriptions = this.#byName[type].get(subscription.name);
    subscriptions?.delete(subscription);
    if (subscriptions?.size === 0) this.#byName[type].delete(subscription.name);
  }

  of(type: ResourceType, name: string): Iterable<Subscription<Session>> {
    return this.#byName[type].get(name) ?? [];
  }

  /** How many names of a type have subscribers. */
  names(type: ResourceType): number {
    return this.#byName[type].size;
  }
}
