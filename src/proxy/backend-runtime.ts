import type { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import type { AddressFamily, Locality } from "../balancing/candidates.ts";
import { EndpointSet } from "../balancing/endpoint-set.ts";
import { RetryBudget } from "../balancing/retry-budget.ts";
import type { Backend } from "../binding/backend.ts";
import type { ProxyContext } from "./context.ts";
import { EndpointPool } from "./endpoint-pool.ts";
import type { BackendLabels, Counter } from "./ports.ts";

/** A Backend in force: its endpoints with what was learned of them, and the connections to each. */
export class BackendRuntime {
  readonly labels: BackendLabels;
  readonly endpoints: EndpointSet;
  readonly retryBudget: RetryBudget;
  #backend: Backend;
  #isRetired = false;
  readonly #context: ProxyContext;
  readonly #pools = new Map<BalancedEndpoint, EndpointPool>();
  readonly #open: Counter;
  readonly #connectFailures: Counter;

  constructor(context: ProxyContext, backend: Backend, locality: Locality) {
    const { limits, telemetry } = context;
    this.#context = context;
    this.#backend = backend;
    this.labels = { namespace: backend.namespace, name: backend.service, port: backend.port };
    this.endpoints = new EndpointSet(backend, locality);
    this.retryBudget = new RetryBudget({
      percent: limits.retryBudgetPercent,
      intervalMs: limits.retryBudgetIntervalMs,
      minRetriesPerSecond: limits.retryBudgetMinPerSecond,
    });
    this.#open = telemetry.upstreamConnectionsOpen(this.labels);
    this.#connectFailures = telemetry.upstreamConnectFailures(this.labels);
  }

  get backend(): Backend {
    return this.#backend;
  }

  /** Takes a newer version: what stays keeps its history and connections, what is gone is retired. */
  update(backend: Backend, locality: Locality): void {
    this.#backend = backend;
    const { vanished, retired } = this.endpoints.update(backend, locality);
    for (const endpoint of vanished) this.#retire(endpoint);
    for (const endpoint of retired) this.#retire(endpoint);
  }

  /** The Service is gone: no connection is kept any more. */
  retire(): void {
    this.#isRetired = true;
    for (const endpoint of this.#pools.keys()) this.#retire(endpoint);
  }

  /**
   * An endpoint for the next try; undefined if none takes traffic. Those in `tried` come last.
   * @param client whom session affinity binds
   */
  pick(
    now: number,
    family: AddressFamily,
    tried: readonly BalancedEndpoint[],
    client: string,
  ): BalancedEndpoint | undefined {
    return this.endpoints.pick(now, family, tried, this.#context.random, client);
  }

  pool(endpoint: BalancedEndpoint): EndpointPool {
    const known = this.#pools.get(endpoint);
    if (known !== undefined) return known;
    const pool = new EndpointPool(this.#context, endpoint, {
      open: this.#open,
      connectFailures: this.#connectFailures,
    });
    if (this.#isRetired) pool.retire();
    else this.#pools.set(endpoint, pool);
    return pool;
  }

  owns(pool: EndpointPool): boolean {
    return this.#pools.get(pool.endpoint) === pool;
  }

  #retire(endpoint: BalancedEndpoint): void {
    this.#pools.get(endpoint)?.retire();
    this.#pools.delete(endpoint);
  }
}
