import { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import type { AddressFamily, Locality } from "../balancing/candidates.ts";
import { EndpointSet } from "../balancing/endpoint-set.ts";
import { RetryBudget } from "../balancing/retry-budget.ts";
import type { Backend } from "../binding/backend.ts";
import type { ProxyContext } from "./context.ts";
import { EndpointPool } from "./endpoint-pool.ts";
import type { BackendLabels, Counter } from "./ports.ts";

const SERVING = { isReady: true, isServing: true, isTerminating: false, hintZones: [], hintNodes: [] };

/** A Backend in force: its endpoints with what was learned of them, and the connections to each. */
export class BackendRuntime {
  readonly labels: BackendLabels;
  readonly endpoints: EndpointSet;
  readonly retryBudget: RetryBudget;
  #backend: Backend;
  #isRetired = false;
  readonly #context: ProxyContext;
  readonly #pools = new Map<BalancedEndpoint, EndpointPool>();
  /** The Service's own addresses that were asked for, by address. */
  readonly #serviceAddresses = new Map<string, BalancedEndpoint>();
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
    this.retireServiceAddresses();
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

  /**
   * Where the next try goes before all endpoints: nobody has said for long what endpoints there are, and the Service's
   * own address, which the node keeps up to date by itself, is likelier to work. Undefined: to an endpoint.
   */
  firstResort(now: number, family: AddressFamily): BalancedEndpoint | undefined {
    const staleMs = this.#context.staleForMs();
    if (staleMs === 0 || staleMs < this.#context.limits.clusterIpFirstMs) return undefined;
    const address = this.#serviceAddress(family);
    if (address === undefined || address.isEjected(now) || this.pool(address).isFull) return undefined;
    return address;
  }

  /**
   * Where the last try goes after all endpoints: the Service's own address. While the controller is connected, too: it can
   * be behind without knowing, as when a watch of its own has stalled, and then the endpoints may be others. But for an
   * internalTrafficPolicy Local without endpoints on this node kube-proxy drops what comes, and each request would wait
   * for a connection in vain.
   */
  lastResort(family: AddressFamily): BalancedEndpoint | undefined {
    const { reachesServices, staleForMs } = this.#context;
    if (!reachesServices) return undefined;
    const candidates = this.endpoints.candidates(family);
    const isDropped = candidates.kind === "none" && candidates.reason === "none-local" && staleForMs() === 0;
    return isDropped ? undefined : this.#serviceAddress(family);
  }

  /** That of the family, else of the other; a headless Service has none. */
  #serviceAddress(family: AddressFamily): BalancedEndpoint | undefined {
    const { clusterIPs, port } = this.#backend;
    const address = clusterIPs.find((each) => familyOf(each) === family) ?? clusterIPs[0];
    if (address === undefined) return undefined;
    const known = this.#serviceAddresses.get(address);
    if (known !== undefined) return known;
    const endpoint = new BalancedEndpoint({ ...SERVING, address, port, family: familyOf(address) });
    this.#serviceAddresses.set(address, endpoint);
    return endpoint;
  }

  /** The endpoints are known again: no connection to the Service's own addresses is kept any more. */
  retireServiceAddresses(): void {
    for (const endpoint of this.#serviceAddresses.values()) this.#retire(endpoint);
    this.#serviceAddresses.clear();
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

function familyOf(address: string): AddressFamily {
  return address.includes(":") ? 6 : 4;
}
