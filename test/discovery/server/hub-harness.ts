import assert from "node:assert/strict";
import { contentVersion } from "../../../src/discovery/content-version.ts";
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
} from "../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import {
  type EncodedResource,
  type ResourceType,
  resourceTypeOf,
  typeUrl,
} from "../../../src/discovery/resource-types.ts";
import { DiscoveryHub } from "../../../src/discovery/server/discovery-hub.ts";
import type { HubEvents } from "../../../src/discovery/server/hub-events.ts";
import type { ResourceCatalogue, SidecarIdentity } from "../../../src/discovery/server/resource-catalogue.ts";
import type { SidecarSession, StreamPort } from "../../../src/discovery/server/sidecar-session.ts";
import type { StreamEnd } from "../../../src/discovery/server/stream-end.ts";

/** Content is text; consumers of one namespace may have their own Frontend. */
export class FakeCatalogue implements ResourceCatalogue {
  readonly #resources = new Map<string, EncodedResource>();
  lookups = 0;

  put(type: ResourceType, name: string, content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    const plainName = name.split("@")[0] ?? "";
    this.#resources.set(`${type} ${name}`, { name: plainName, version: contentVersion(bytes), bytes });
  }

  remove(type: ResourceType, name: string): void {
    this.#resources.delete(`${type} ${name}`);
  }

  frontend(name: string, clientNamespace: string): EncodedResource | undefined {
    return this.#get(`Frontend ${name}@${clientNamespace}`) ?? this.#get(`Frontend ${name}`);
  }

  backend(name: string): EncodedResource | undefined {
    this.lookups++;
    return this.#get(`Backend ${name}`);
  }

  self({ node = "" }: SidecarIdentity): EncodedResource | undefined {
    return this.#get(`Self self@${node}`);
  }

  #get(key: string): EncodedResource | undefined {
    return this.#resources.get(key);
  }
}

/** What one response says, in short: `Backend a=1 b=2 -c`. */
function summary(response: DeltaDiscoveryResponse): string {
  const type = resourceTypeOf(response.typeUrl) ?? response.typeUrl;
  const present = response.resources.map(({ name, version, resource }) => {
    assert.equal(resource?.typeUrl, response.typeUrl);
    assert.equal(version, contentVersion(resource.value));
    return `${name}=${Buffer.from(resource.value).toString()}`;
  });
  return [type, ...present, ...response.removedResources.map((name) => `-${name}`)].join(" ");
}

/** A sidecar as the hub sees it. */
export class FakeSidecar implements StreamPort {
  readonly session: SidecarSession;
  readonly received: DeltaDiscoveryResponse[] = [];
  readonly #unread: DeltaDiscoveryResponse[] = [];
  ended: StreamEnd | undefined;
  /** How many more messages the stream takes before it says that it is full. */
  room = Number.POSITIVE_INFINITY;

  constructor(hub: DiscoveryHub, identity: Partial<SidecarIdentity> = {}) {
    this.session = hub.open({ namespace: "shop", pod: "cart-1", serviceAccount: "cart", ...identity }, this);
  }

  send(message: Uint8Array): boolean {
    assert.equal(this.ended, undefined);
    const response = DeltaDiscoveryResponse.decode(message);
    this.received.push(response);
    this.#unread.push(response);
    this.room--;
    return this.room > 0;
  }

  end(end: StreamEnd): void {
    this.ended = end;
  }

  request(of: Partial<DeltaDiscoveryRequest>): void {
    this.session.receive({ ...DeltaDiscoveryRequest.decode(new Uint8Array()), ...of });
  }

  subscribe(type: ResourceType, ...names: string[]): void {
    this.request({ typeUrl: typeUrl(type), resourceNamesSubscribe: names });
  }

  unsubscribe(type: ResourceType, ...names: string[]): void {
    this.request({ typeUrl: typeUrl(type), resourceNamesUnsubscribe: names });
  }

  /** Answers a response; with an error it refuses it. */
  answer(response: DeltaDiscoveryResponse | undefined, error?: string): void {
    this.request({
      typeUrl: response?.typeUrl ?? "",
      responseNonce: response?.nonce ?? "",
      errorDetail: error === undefined ? undefined : { code: 3, message: error, details: [] },
    });
  }

  /** What came since the last look, in short. */
  read(): string[] {
    return this.#unread.splice(0).map(summary);
  }

  /** As `read`, and acknowledges it, and what comes of that. */
  readAndAck(): string[] {
    const read: string[] = [];
    while (this.#unread.length > 0) {
      const responses = this.#unread.splice(0);
      read.push(...responses.map(summary));
      for (const response of responses) this.answer(response);
    }
    return read;
  }
}

export interface Harness {
  readonly hub: DiscoveryHub;
  readonly catalogue: FakeCatalogue;
  readonly events: { kind: string; event: object }[];
  /** Milliseconds; tests move it. */
  time: number;
  /** What was put off to a later turn. */
  readonly deferred: (() => void)[];
  publish(changed: { backends?: string[]; frontends?: string[]; selves?: boolean }): void;
}

export function createHarness(options: { readonly tick?: number } = {}): Harness {
  const events: { kind: string; event: object }[] = [];
  const note =
    (kind: string): ((event: object) => void) =>
    (event) =>
      void events.push({ kind, event });
  const hubEvents: HubEvents = { onPush: note("push"), onAck: note("ack"), onNack: note("nack") };
  const catalogue = new FakeCatalogue();
  const deferred: (() => void)[] = [];
  const harness: Harness = {
    hub: new DiscoveryHub({
      catalogue,
      events: hubEvents,
      now: () => {
        harness.time += options.tick ?? 0;
        return harness.time;
      },
      defer: (run) => void deferred.push(run),
    }),
    catalogue,
    events,
    time: 1000,
    deferred,
    publish: ({ backends = [], frontends = [], selves = false }) =>
      harness.hub.publish({ backends, frontends, selves }),
  };
  return harness;
}
