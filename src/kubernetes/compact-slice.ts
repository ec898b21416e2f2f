import type { EndpointSlice, SliceEndpoint } from "../resources/endpoint-slice.ts";

/** Names of nodes and zones; a cluster has at most some thousand. */
const MAX_SHARED = 20_000;

const NOTHING: readonly string[] = [];

/**
 * Rebuilds EndpointSlices so that they take less memory: the names of nodes and zones, and the lists of them, are the
 * same strings and arrays in all endpoints. In a large cluster they are what most memory would go to.
 */
export class SliceCompactor {
  readonly #names = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  compact(slice: EndpointSlice): EndpointSlice {
    return { ...slice, endpoints: slice.endpoints.map((endpoint) => this.#endpoint(endpoint)) };
  }

  #endpoint(endpoint: SliceEndpoint): SliceEndpoint {
    const { addresses, isReady, isServing, isTerminating, zone, node } = endpoint;
    const hintZones = this.#list(endpoint.hintZones);
    const hintNodes = this.#list(endpoint.hintNodes);
    if (zone === undefined || node === undefined) return { ...endpoint, hintZones, hintNodes };
    return {
      addresses,
      isReady,
      isServing,
      isTerminating,
      zone: this.#name(zone),
      node: this.#name(node),
      hintZones,
      hintNodes,
    };
  }

  #name(name: string): string {
    return remembered(this.#names, name, name);
  }

  #list(names: readonly string[]): readonly string[] {
    const [first] = names;
    if (first === undefined) return NOTHING;
    return names.length === 1 ? remembered(this.#lists, first, names) : names;
  }
}

function remembered<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MAX_SHARED) known.clear();
  known.set(key, value);
  return value;
}
