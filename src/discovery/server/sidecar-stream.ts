import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import type { DeltaDiscoveryRequest } from "../generated/envoy/service/discovery/v3/discovery.ts";
import type { DiscoveryHub } from "./discovery-hub.ts";
import { RequestAllowance, requestCost } from "./request-allowance.ts";
import type { SidecarIdentity } from "./resource-catalogue.ts";
import type { SidecarSession, StreamPort } from "./sidecar-session.ts";
import { malformed, type StreamEnd } from "./stream-end.ts";

/** A request, or what stands for bytes that are none. */
export type Received = DeltaDiscoveryRequest | "malformed";
export type Call = ServerDuplexStream<Received, Uint8Array>;

/** What is written and not taken by the connection yet; above it nothing else is written. */
const HIGH_WATER_BYTES = 262_144;
const REQUEST_BURST = 1_000;
const REQUESTS_PER_SECOND = 200;

export interface SidecarStreamOptions {
  readonly hub: DiscoveryHub;
  readonly now: () => number;
  /** Cuts the connection of a stream that does not end. */
  readonly cut: () => void;
  /** How long a stream may take to end. */
  readonly endTimeoutMs: number;
}

/** A gRPC call whose sidecar is known, as the port of a session. */
export class SidecarStream implements StreamPort {
  readonly session: SidecarSession;
  readonly #call: Call;
  readonly #options: SidecarStreamOptions;
  readonly #allowance: RequestAllowance;
  #unwrittenBytes = 0;
  #isBlocked = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(call: Call, identity: SidecarIdentity, options: SidecarStreamOptions) {
    this.#call = call;
    this.#options = options;
    this.#allowance = new RequestAllowance(REQUEST_BURST, REQUESTS_PER_SECOND, options.now());
    this.session = options.hub.open(identity, this);
  }

  /** Begins to read. Tells the client that it is in, which otherwise only the first response would. */
  start(): void {
    const call = this.#call;
    call.once("close", () => {
      clearTimeout(this.#pause);
      this.session.close();
    });
    call.once("end", () => this.session.end({ code: 0, message: "" }));
    call.on("data", (request: Received) => this.#receive(request));
    call.sendMetadata(new Metadata());
  }

  send(message: Uint8Array): boolean {
    this.#unwrittenBytes += message.length;
    this.#call.write(message, () => this.#written(message.length));
    this.#isBlocked = this.#unwrittenBytes >= HIGH_WATER_BYTES;
    return !this.#isBlocked;
  }

  end(end: StreamEnd): void {
    endCall(this.#call, end, this.#options);
  }

  #receive(request: Received): void {
    if (request === "malformed") {
      this.session.end(malformed("a message that is no DeltaDiscoveryRequest"));
      return;
    }
    const waitMs = this.#allowance.take(this.#options.now(), requestCost(request));
    if (waitMs > 0) {
      this.#call.pause();
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#call.resume(), waitMs);
    }
    this.session.receive(request);
  }

  #written(bytes: number): void {
    this.#unwrittenBytes -= bytes;
    if (!this.#isBlocked || this.#unwrittenBytes >= HIGH_WATER_BYTES / 2) return;
    this.#isBlocked = false;
    this.session.resume();
  }
}

/** Ends a call with a status, after what was written; a client that does not let it end is cut off. */
export function endCall(
  call: Call,
  { code, message }: StreamEnd,
  { cut, endTimeoutMs }: Pick<SidecarStreamOptions, "cut" | "endTimeoutMs">,
): void {
  const timer = setTimeout(cut, endTimeoutMs);
  call.once("close", () => clearTimeout(timer));
  if (code === 0) call.end();
  // grpc-js makes a status of what is emitted so. It can't encode a lone surrogate.
  else call.emit("error", { code, details: message.toWellFormed() });
}
