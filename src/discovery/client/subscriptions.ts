import type { ResourceType } from "../resource-types.ts";
import type { DeltaRequest } from "./client-ports.ts";

/** Names in one request, so that no request comes near the size that a server takes (4 MB, names of some 150 bytes). */
const NAMES_A_REQUEST = 512;

export interface SubscriptionLink {
  readonly isWritable: boolean;
  send(request: DeltaRequest): void;
}

/** What is to be said on the stream about the names of one type; it waits here while there is no room on the stream. */
export class Subscriptions {
  readonly #type: ResourceType;
  readonly #versionOf: (name: string) => string | undefined;
  readonly #coming = new Set<string>();
  readonly #going = new Set<string>();

  /** @param versionOf the version of what is held of a name, so that it is not sent again */
  constructor(type: ResourceType, versionOf: (name: string) => string | undefined) {
    this.#type = type;
    this.#versionOf = versionOf;
  }

  add(name: string): void {
    this.#coming.add(name);
  }

  /** A name that is added again later is asked for anew, in a request that follows this one's. */
  remove(name: string): void {
    if (!this.#coming.delete(name)) this.#going.add(name);
  }

  /** A new stream, which knows of nothing. */
  restart(names: Iterable<string>): void {
    this.#going.clear();
    this.#coming.clear();
    for (const name of names) this.#coming.add(name);
  }

  flush(link: SubscriptionLink): void {
    while (link.isWritable && this.#going.size > 0) {
      link.send(this.#request({ unsubscribe: takeSome(this.#going) }));
    }
    while (link.isWritable && this.#coming.size > 0) {
      const subscribe = takeSome(this.#coming);
      const initialVersions = new Map<string, string>();
      for (const name of subscribe) {
        const version = this.#versionOf(name);
        if (version !== undefined) initialVersions.set(name, version);
      }
      link.send(this.#request({ subscribe, initialVersions }));
    }
  }

  #request(part: Partial<DeltaRequest>): DeltaRequest {
    return {
      type: this.#type,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      nonce: "",
      error: undefined,
      ...part,
    };
  }
}

function takeSome(names: Set<string>): readonly string[] {
  const taken: string[] = [];
  for (const name of names) {
    if (taken.length === NAMES_A_REQUEST) break;
    taken.push(name);
    names.delete(name);
  }
  return taken;
}
