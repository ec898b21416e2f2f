import type { BalancedEndpoint } from "./balanced-endpoint.ts";

/** Clients that a table remembers at most. In a sidecar it holds one: the pod itself. */
const AFFINITY_CAPACITY = 10_000;

interface Entry {
  endpoint: BalancedEndpoint;
  seenAt: number;
}

/** Which endpoint each client of a Service with sessionAffinity ClientIP had last, for as long as the Service says. */
export class AffinityTable {
  timeoutMs: number;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();

  constructor(timeoutMs: number, capacity = AFFINITY_CAPACITY) {
    this.timeoutMs = timeoutMs;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The endpoint of a client that was here within the timeout; being asked counts as being here. */
  find(client: string, now: number): BalancedEndpoint | undefined {
    const entry = this.#entries.get(client);
    if (entry === undefined || now - entry.seenAt >= this.timeoutMs) return undefined;
    entry.seenAt = now;
    return entry.endpoint;
  }

  /** Ties a client to an endpoint; a full table forgets the client that it has known longest. */
  remember(client: string, endpoint: BalancedEndpoint, now: number): void {
    const entry = this.#entries.get(client);
    if (entry !== undefined) {
      entry.endpoint = endpoint;
      entry.seenAt = now;
      return;
    }
    if (this.#entries.size >= this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(client, { endpoint, seenAt: now });
  }
}
