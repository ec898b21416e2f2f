import type { Backend } from "../../binding/backend.ts";
import type { Frontend } from "../../binding/frontend.ts";
import type { Result } from "../../resources/result.ts";
import type { EncodedResource, ResourceType, Self } from "../resource-types.ts";

/** What the discovery client asks of the world around it. Real ones are wired by whoever starts it, others by tests. */

/** Monotonic milliseconds, and timers that run once. */
export interface ClientClock {
  now(): number;
  startTimer(callback: () => void, delayMs: number): { stop(): void };
}

export interface ClientLog {
  info(message: string, fields: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
  error(message: string, fields: Readonly<Record<string, string | number>>): void;
}

/** Where resources take effect. Calls come in the order in which they are to take effect. */
export interface ResourceSink {
  /**
   * Calls `onInForce` once the Frontend is what new connections get: at once, or after compiling. Only the last put of
   * a name counts: one that was overtaken need not be told of.
   */
  putFrontend(frontend: Frontend, version: string, onInForce: () => void): void;
  removeFrontend(name: string): void;
  putBackend(backend: Backend, version: string): void;
  /** No Frontend in force names it any more, or none that the controller still stands for. */
  removeBackend(name: string): void;
  putSelf(self: Self): void;
}

/** Reads what the controller sends; wrong content is a value. */
export interface ResourceCodec {
  /** In steps of about a millisecond: a Frontend may have thousands of rules. */
  frontend(name: string, bytes: Uint8Array): Generator<undefined, Result<Frontend>>;
  backend(name: string, bytes: Uint8Array): Result<Backend>;
  self(name: string, bytes: Uint8Array): Result<Self>;
}

/** One DeltaDiscoveryRequest. */
export interface DeltaRequest {
  readonly type: ResourceType;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Version by name of what is held of the names that are subscribed to. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** The response that this acknowledges; empty for none. */
  readonly nonce: string;
  /** What was wrong with it, if anything was. */
  readonly error: string | undefined;
}

/** One DeltaDiscoveryResponse. */
export interface DeltaResponse {
  readonly type: ResourceType;
  readonly nonce: string;
  /** The bytes of each are its own: no part of a larger buffer, for they are kept. */
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/** Why a stream is no more. */
export interface StreamEnd {
  /** `moved`: the controller asked to go elsewhere, which is no failure. */
  readonly kind: "moved" | "failed";
  readonly message: string;
}

/** None is called from within `open` or `send`; after `onEnd` or `close` none is called at all. */
export interface StreamListener {
  /** The controller took the stream. */
  onOpen(): void;
  onResponse(response: DeltaResponse): void;
  /** There is room again after `send` said that there is none. */
  onWritable(): void;
  onEnd(end: StreamEnd): void;
}

export interface DiscoveryStream {
  /** Takes the request in any case. False: there is no room for more until `onWritable`. */
  send(request: DeltaRequest): boolean;
  close(): void;
}

/** Ways to the controller's replicas. */
export interface DiscoveryTransport {
  /** The addresses of all replicas; rejects or is empty where there are none. */
  resolve(): Promise<readonly string[]>;
  /** Dials one replica; requests may be sent at once. */
  open(address: string, listener: StreamListener): DiscoveryStream;
}

/** One resource with its type, as it is kept over restarts. */
export interface StoredResource extends EncodedResource {
  readonly type: ResourceType;
}

/** The resources that were in force when this process, or one before it, last wrote them down. */
export interface SnapshotStore {
  /** What is stored; empty where there is nothing. Throws an Error that says why where it can't be used. */
  read(): readonly StoredResource[];
  /** Replaces all of it; rejects with an Error that says why it can't. */
  write(resources: readonly StoredResource[]): Promise<void>;
}
