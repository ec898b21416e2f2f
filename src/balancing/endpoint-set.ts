import type { Backend } from "../binding/backend.ts";
import { AffinityTable } from "./affinity-table.ts";
import { BalancedEndpoint, preferredOf } from "./balanced-endpoint.ts";
import { type AddressFamily, type Candidates, type Locality, selectCandidates } from "./candidates.ts";
import { chooseAmongFittest, chooseForClient } from "./choice.ts";

/** What an update of a backend means for connections that are kept open. */
export interface EndpointChanges {
  /** No longer listed. */
  readonly vanished: readonly BalancedEndpoint[];
  /** Still listed, but no longer a candidate: shutting down, not ready, or others are preferred now. */
  readonly retired: readonly BalancedEndpoint[];
}

/**
 * `available` and `ejected` (avoided after failed connects) are candidates; `standby` could serve but is none, because
 * others are preferred; `unready` can't serve.
 */
export type EndpointState = "available" | "ejected" | "standby" | "unready";

const NO_CANDIDATES: Candidates = { kind: "none", reason: "no-endpoints" };

/**
 * The endpoints of one backend and what is known of them. Choices are power of two choices: of two candidates drawn at
 * random the one that `preferredOf` says. A Service with sessionAffinity ClientIP keeps each client on one endpoint
 * instead.
 */
export class EndpointSet {
  #known = new Map<string, BalancedEndpoint>();
  #v4: readonly BalancedEndpoint[] = [];
  #v6: readonly BalancedEndpoint[] = [];
  #selectedV4 = NO_CANDIDATES;
  #selectedV6 = NO_CANDIDATES;
  #affinity: AffinityTable | undefined;

  constructor(backend: Backend, locality: Locality) {
    this.update(backend, locality);
  }

  /** Takes a new state of the backend or of the locality; what was learned stays with its address and port. */
  update(backend: Backend, locality: Locality): EndpointChanges {
    const before = this.#known;
    const candidatesBefore = new Set([...this.#v4, ...this.#v6]);
    for (const endpoint of candidatesBefore) endpoint.isCandidate = false;
    this.#known = new Map();
    for (const description of backend.endpoints) {
      const fresh = new BalancedEndpoint(description);
      const endpoint = before.get(fresh.name) ?? fresh;
      endpoint.description = description;
      this.#known.set(endpoint.name, endpoint);
    }
    this.#selectedV4 = selectCandidates(backend, 4, locality);
    this.#selectedV6 = selectCandidates(backend, 6, locality);
    this.#v4 = this.#enlist(this.#selectedV4);
    this.#v6 = this.#enlist(this.#selectedV6);
    this.#updateAffinity(backend);
    return {
      vanished: [...before.values()].filter((endpoint) => !this.#known.has(endpoint.name)),
      retired: [...candidatesBefore].filter(
        (endpoint) => !endpoint.isCandidate && this.#known.has(endpoint.name),
      ),
    };
  }

  /**
   * Chooses an endpoint; undefined if there is no candidate. Those of `family` (the one of the dialled address) come
   * first as a whole, those of the other are the fallback. Endpoints in `tried` are avoided, and ejected ones too,
   * unless none is left; one that is ejected comes before one that was tried. `random` gives numbers in [0, 1).
   * `client` counts only with session affinity. Does not count the exchange: see `BalancedEndpoint.start`.
   */
  pick(
    now: number,
    family: AddressFamily,
    tried: readonly BalancedEndpoint[],
    random: () => number,
    client = "",
  ): BalancedEndpoint | undefined {
    const candidates = this.#listFor(family);
    if (this.#affinity !== undefined) {
      return chooseForClient({ candidates, now, tried }, this.#affinity, client);
    }
    const count = candidates.length;
    if (count < 2) return candidates[0];
    if (tried.length === 0) {
      const one = (random() * count) | 0;
      const draw = (random() * (count - 1)) | 0;
      const first = candidates[one];
      const second = candidates[draw < one ? draw : draw + 1];
      if (first?.isEjected(now) === false && second?.isEjected(now) === false) {
        return preferredOf(first, second, now);
      }
    }
    return chooseAmongFittest({ candidates, now, tried }, random);
  }

  /** What `pick` chooses from for this family, or why there is nothing. */
  candidates(family: AddressFamily): Candidates {
    const [own, other] =
      family === 4 ? [this.#selectedV4, this.#selectedV6] : [this.#selectedV6, this.#selectedV4];
    if (own.kind === "some") return own;
    return other.kind === "some" || own.reason === "no-endpoints" ? other : own;
  }

  /** Every listed endpoint. */
  endpoints(): IterableIterator<BalancedEndpoint> {
    return this.#known.values();
  }

  #listFor(family: AddressFamily): readonly BalancedEndpoint[] {
    if (family === 4) return this.#v4.length > 0 ? this.#v4 : this.#v6;
    return this.#v6.length > 0 ? this.#v6 : this.#v4;
  }

  #enlist(selected: Candidates): readonly BalancedEndpoint[] {
    if (selected.kind === "none") return [];
    const descriptions = new Set(selected.endpoints);
    const enlisted = [...this.#known.values()].filter((endpoint) => descriptions.has(endpoint.description));
    for (const endpoint of enlisted) endpoint.isCandidate = true;
    return enlisted;
  }

  #updateAffinity(backend: Backend): void {
    if (backend.sessionAffinity.kind === "None") {
      this.#affinity = undefined;
      return;
    }
    const timeoutMs = backend.sessionAffinity.timeoutSeconds * 1_000;
    this.#affinity ??= new AffinityTable(timeoutMs);
    this.#affinity.timeoutMs = timeoutMs;
  }
}

/** The state of an endpoint as the `eastbound_endpoints` metric and `explain` tell it. */
export function endpointState(endpoint: BalancedEndpoint, now: number): EndpointState {
  if (endpoint.isCandidate) return endpoint.isEjected(now) ? "ejected" : "available";
  const { isReady, isServing, isTerminating } = endpoint.description;
  return isReady || (isServing && isTerminating) ? "standby" : "unready";
}
