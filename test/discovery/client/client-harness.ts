import type { Backend } from "../../../src/binding/backend.ts";
import type { Frontend } from "../../../src/binding/frontend.ts";
import type {
  ClientLog,
  DeltaRequest,
  DeltaResponse,
  DiscoveryStream,
  DiscoveryTransport,
  ResourceCodec,
  ResourceSink,
  SnapshotStore,
  StoredResource,
  StreamListener,
} from "../../../src/discovery/client/client-ports.ts";
import { DiscoveryClient } from "../../../src/discovery/client/discovery-client.ts";
import type { ResourceType, Self } from "../../../src/discovery/resource-types.ts";
import type { Result } from "../../../src/resources/result.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** What is wrong with content that must not be taken. */
const WRONG = "wrong";

/** A Frontend's content is the names of its Backends; a Backend's and Self's is any text. */
export const stubCodec: ResourceCodec = {
  // Each name of a Backend is a step.
  *frontend(name, bytes) {
    const result = decoded(bytes, (text): Frontend => {
      const [backend = "", ...routed] = text.split(",");
      const [address = "", port = ""] = name.split(":");
      return {
        name,
        address,
        port: Number(port),
        service: { namespace: "ns", name: "svc" },
        protocol: "http",
        backend,
        routes: {
          kind: "HTTPRoute",
          scope: { kind: "producer" },
          routes: [
            {
              namespace: "ns",
              name: "route",
              rules: [
                {
                  index: 0,
                  matches: [],
                  filters: [],
                  backends: routed.map((to) => ({
                    target: { kind: "Backend", name: to },
                    weight: 1,
                    filters: [],
                  })),
                  timeouts: {},
                },
              ],
            },
          ],
        },
      };
    });
    for (const _ of new TextDecoder().decode(bytes).split(",")) yield;
    return result;
  },
  backend: (name, bytes) =>
    decoded(
      bytes,
      (): Backend => ({
        name,
        namespace: "ns",
        service: name,
        port: 80,
        clusterIPs: [],
        protocol: "http",
        endpoints: [],
        internalTrafficPolicy: "Cluster",
        sessionAffinity: { kind: "None" },
      }),
    ),
  self: (_, bytes) => decoded(bytes, (zone): Self => ({ zone })),
};

function decoded<T>(bytes: Uint8Array, read: (text: string) => T): Result<T> {
  const text = new TextDecoder().decode(bytes);
  if (text === WRONG) return { kind: "invalid", problems: [{ path: "content", message: "is wrong" }] };
  return { kind: "ok", value: read(text) };
}

export interface StubResource {
  readonly name: string;
  readonly version: string;
  readonly content: string;
}

/** What the controller's end of a stream sees and does. */
export class ScriptedStream implements DiscoveryStream {
  readonly address: string;
  readonly requests: DeltaRequest[] = [];
  isClosed = false;
  hasRoom = true;
  readonly #listener: StreamListener;
  #nonce = 0;

  constructor(address: string, listener: StreamListener) {
    this.address = address;
    this.#listener = listener;
  }

  send(request: DeltaRequest): boolean {
    this.requests.push(request);
    return this.hasRoom;
  }

  close(): void {
    this.isClosed = true;
  }

  open(): this {
    if (!this.isClosed) this.#listener.onOpen();
    return this;
  }

  end(kind: "moved" | "failed", message = "is over"): void {
    if (!this.isClosed) this.#listener.onEnd({ kind, message });
  }

  makeRoom(): void {
    this.hasRoom = true;
    this.#listener.onWritable();
  }

  /** @returns the nonce */
  push(type: ResourceType, resources: readonly StubResource[], removed: readonly string[] = []): string {
    const nonce = `n${++this.#nonce}`;
    const response: DeltaResponse = {
      type,
      nonce,
      resources: resources.map(({ name, version, content }) => ({
        name,
        version,
        bytes: new TextEncoder().encode(content),
      })),
      removed,
    };
    if (!this.isClosed) this.#listener.onResponse(response);
    return nonce;
  }

  /** The names of one type that are subscribed to by all requests so far. */
  subscribed(type: ResourceType): ReadonlySet<string> {
    const names = new Set<string>();
    for (const request of this.requests) {
      if (request.type !== type) continue;
      for (const name of request.unsubscribe) names.delete(name);
      for (const name of request.subscribe) names.add(name);
    }
    return names;
  }

  /** What was offered as held, of one type. */
  offered(type: ResourceType): Readonly<Record<string, string>> {
    const requests = this.requests.filter((request) => request.type === type);
    return Object.fromEntries(requests.flatMap(({ initialVersions }) => [...initialVersions]));
  }

  /** The requests that acknowledge something. */
  get acknowledgements(): readonly { nonce: string; error: string | undefined }[] {
    return this.requests.filter(({ nonce }) => nonce !== "").map(({ nonce, error }) => ({ nonce, error }));
  }
}

class ScriptedTransport implements DiscoveryTransport {
  addresses: readonly string[] | Error = ["10.0.0.1"];
  readonly streams: ScriptedStream[] = [];

  resolve(): Promise<readonly string[]> {
    return this.addresses instanceof Error ? Promise.reject(this.addresses) : Promise.resolve(this.addresses);
  }

  open(address: string, listener: StreamListener): DiscoveryStream {
    const stream = new ScriptedStream(address, listener);
    this.streams.push(stream);
    return stream;
  }
}

/** What is in force, and in which order it came to be. */
export class RecordingSink implements ResourceSink {
  /** Versions by name. */
  readonly frontends = new Map<string, string>();
  readonly backends = new Map<string, string>();
  readonly named = new Map<string, readonly string[]>();
  readonly calls: string[] = [];
  places: Self[] = [];
  /** False: Frontends take effect when `finish` is called. */
  isPrompt = true;
  readonly #unfinished = new Map<string, () => void>();

  putFrontend(frontend: Frontend, version: string, onInForce: () => void): void {
    this.calls.push(`+F ${frontend.name}@${version}`);
    const finish = (): void => {
      this.frontends.set(frontend.name, version);
      const routed = frontend.routes?.routes.flatMap(({ rules }) =>
        rules.flatMap(({ backends }) => backends),
      );
      const names = (routed ?? []).map(({ target }) => (target.kind === "Backend" ? target.name : ""));
      this.named.set(frontend.name, [frontend.backend, ...names]);
      onInForce();
    };
    if (this.isPrompt) finish();
    else this.#unfinished.set(frontend.name, finish);
  }

  finish(): void {
    for (const [name, finish] of this.#unfinished) {
      this.#unfinished.delete(name);
      finish();
    }
  }

  removeFrontend(name: string): void {
    this.calls.push(`-F ${name}`);
    this.#unfinished.delete(name);
    this.frontends.delete(name);
    this.named.delete(name);
  }

  putBackend(backend: Backend, version: string): void {
    this.calls.push(`+B ${backend.name}@${version}`);
    this.backends.set(backend.name, version);
  }

  removeBackend(name: string): void {
    this.calls.push(`-B ${name}`);
    this.backends.delete(name);
  }

  putSelf(self: Self): void {
    this.places.push(self);
  }
}

/** A snapshot in memory, that can refuse to be read or written. */
export class StubStore implements SnapshotStore {
  content: readonly StoredResource[] = [];
  readError: Error | undefined;
  writeError: Error | undefined;
  writes = 0;

  read(): readonly StoredResource[] {
    if (this.readError !== undefined) throw this.readError;
    return this.content;
  }

  write(resources: readonly StoredResource[]): Promise<void> {
    this.writes++;
    if (this.writeError !== undefined) return Promise.reject(this.writeError);
    this.content = resources;
    return Promise.resolve();
  }
}

export class RecordingLog implements ClientLog {
  readonly lines: string[] = [];

  info(message: string): void {
    this.lines.push(`info ${message}`);
  }

  warn(message: string, fields: Readonly<Record<string, string | number>>): void {
    this.lines.push(`warn ${message}: ${String(fields["error"] ?? "")}`);
  }

  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
}

/** A client with stand-ins for everything outside it. */
export class ClientHarness {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport();
  readonly sink = new RecordingSink();
  readonly log = new RecordingLog();
  readonly client: DiscoveryClient;
  /** What the next random numbers are; the last stays. */
  random = [0.5];

  constructor(snapshots?: SnapshotStore) {
    this.client = new DiscoveryClient({
      clock: this.clock,
      random: () => (this.random.length > 1 ? this.random.shift() : this.random[0]) ?? 0,
      log: this.log,
      sink: this.sink,
      codec: stubCodec,
      transport: this.transport,
      snapshots,
    });
  }

  /** The stream of the last attempt. */
  get stream(): ScriptedStream {
    const stream = this.transport.streams.at(-1);
    if (stream === undefined) throw new Error("no stream was opened yet");
    return stream;
  }

  /** Lets what was promised happen. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** A client that is connected. */
  async connected(): Promise<ScriptedStream> {
    this.client.start();
    await this.settle();
    return this.stream.open();
  }

  /** Waits out the pause before the next stream. */
  async reconnect(): Promise<ScriptedStream> {
    const before = this.transport.streams.length;
    while (this.transport.streams.length === before) {
      this.clock.advance(10);
      await this.settle();
    }
    return this.stream;
  }

  /** Begins to learn; the outcomes as they come, "nothing to wait for" included. */
  learn(name: string): { readonly outcomes: string[]; readonly cancel: (() => void) | undefined } {
    const outcomes: string[] = [];
    const cancel = this.client.learn(name, (isKnown) => outcomes.push(isKnown ? "known" : "unknown"));
    if (cancel === undefined) outcomes.push("at once");
    return { outcomes, cancel };
  }
}

/** A Frontend of the stub codec, whose version tells its Backends. */
export function frontendOf(name: string, ...backends: readonly string[]): StubResource {
  return { name, version: backends.join(","), content: backends.join(",") };
}

export function backendOf(name: string, version = "1"): StubResource {
  return { name, version, content: "" };
}

export function wrong(name: string, version = "bad"): StubResource {
  return { name, version, content: WRONG };
}
