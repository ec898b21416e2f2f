import type { BalancedEndpoint } from "../balancing/balanced-endpoint.ts";
import type { BackendRuntime } from "./backend-runtime.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { type DialOutcome, EndpointDial } from "./endpoint-dial.ts";
import type { EndpointPool } from "./endpoint-pool.ts";
import type { Failure } from "./failure.ts";
import type { FrontendRuntime } from "./frontend-runtime.ts";
import type { ResendReason } from "./ports.ts";
import { startTunnel } from "./tunnel.ts";
import { IGNORING_OWNER, type Wire, type WireOwner } from "./wire.ts";

interface OpaqueOptions {
  readonly context: ProxyContext;
  readonly runtime: FrontendRuntime;
  readonly wire: Wire;
  /** Read from the client while its protocol was being told. */
  readonly prefix: Buffer | undefined;
  readonly hasPeerEnded: boolean;
  readonly onEnd: () => void;
}

/**
 * Forwards a client's connection to one endpoint of the Service without looking at it. The endpoint is dialled at
 * once: a server may speak first. A failed connect goes on to another endpoint; nothing was sent yet.
 */
export class OpaqueConnection implements WireOwner, DialOutcome {
  readonly #context: ProxyContext;
  readonly #runtime: FrontendRuntime;
  readonly #wire: Wire;
  readonly #onEnd: () => void;
  readonly #startedMs: number;
  readonly #tried: BalancedEndpoint[] = [];
  #prefix: Buffer | undefined;
  #dial: EndpointDial | undefined;
  /** Of the endpoint that is being dialled. */
  #pool: EndpointPool | undefined;
  #hasPeerEnded: boolean;
  #dialledMs = 0;
  /** The Backend's own address, once it was tried. */
  #serviceAddress: BalancedEndpoint | undefined;
  /** Why it was the last resort. */
  #endpointsFailure: Failure | undefined;

  constructor({ context, runtime, wire, prefix, hasPeerEnded, onEnd }: OpaqueOptions) {
    this.#hasPeerEnded = hasPeerEnded;
    this.#context = context;
    this.#runtime = runtime;
    this.#wire = wire;
    this.#prefix = prefix;
    this.#onEnd = onEnd;
    this.#startedMs = context.now();
    context.activity.streams++;
    wire.owner = this;
    wire.pause();
  }

  start(): void {
    const { frontend, family } = this.#runtime;
    const backend = this.#context.backend(frontend.backend);
    if (backend === undefined) {
      this.#fail({ kind: "no_endpoint", details: `${frontend.backend} is not known` });
      return;
    }
    const first = backend.firstResort(this.#context.now(), family);
    if (first !== undefined) {
      this.#tryServiceAddress(backend, first);
      return;
    }
    const endpoint = this.#nextOf(backend);
    const details = `${backend.backend.name} has no endpoint that takes traffic`;
    if (endpoint !== undefined) this.#tryOn(backend, endpoint);
    else this.#endAtServiceAddress(backend, { kind: "no_endpoint", details });
  }

  /** The endpoints may be others than are known, so the Backend's own address is tried after all of them. */
  #endAtServiceAddress(backend: BackendRuntime, failure: Failure): void {
    const address = this.#serviceAddress === undefined ? backend.lastResort(this.#runtime.family) : undefined;
    if (address === undefined) {
      this.#fail(this.#endpointsFailure ?? failure);
      return;
    }
    this.#endpointsFailure = failure;
    this.#tryServiceAddress(backend, address);
  }

  #tryServiceAddress(backend: BackendRuntime, address: BalancedEndpoint): void {
    this.#serviceAddress = address;
    this.#countResend("cluster_ip");
    this.#tryOn(backend, address);
  }

  /** An endpoint that was not tried yet. */
  #nextOf(backend: BackendRuntime): BalancedEndpoint | undefined {
    const now = this.#context.now();
    const endpoint = backend.pick(now, this.#runtime.family, this.#tried, this.#wire.remoteAddress);
    return endpoint === undefined || this.#tried.includes(endpoint) ? undefined : endpoint;
  }

  #tryOn(backend: BackendRuntime, endpoint: BalancedEndpoint): void {
    const now = this.#context.now();
    const pool = backend.pool(endpoint);
    if (pool.isFull) {
      this.#fail({ kind: "overload", details: `too many connections to ${endpoint.name}` });
      return;
    }
    this.#tried.push(endpoint);
    this.#pool = pool;
    this.#dialledMs = now;
    endpoint.start(now);
    pool.streamOpened();
    const { address, port } = endpoint.description;
    this.#dial = new EndpointDial(this.#context, { host: address, port }, this);
  }

  onDialled(server: Wire): void {
    this.#dial = undefined;
    const pool = this.#pool;
    const now = this.#context.now();
    pool?.endpoint.connected();
    pool?.endpoint.respond(now, now - this.#dialledMs);
    const prefix = this.#prefix;
    this.#prefix = undefined;
    this.#runtime.bytesSent.add(prefix?.length ?? 0);
    startTunnel({
      log: this.#context.log,
      client: this.#wire,
      server,
      fromClient: prefix,
      fromServer: undefined,
      hasClientEnded: this.#hasPeerEnded,
      sent: this.#runtime.bytesSent,
      received: this.#runtime.bytesReceived,
      onEnd: () => {
        this.#leaveEndpoint();
        this.#over();
      },
    });
  }

  onDialFailed(failure: Failure): void {
    this.#dial = undefined;
    const now = this.#context.now();
    const backend = this.#context.backend(this.#runtime.frontend.backend);
    // Running out of files or memory here says nothing of the endpoint.
    if (failure.kind !== "overload") this.#pool?.connectFailed();
    this.#leaveEndpoint();
    const { resendEndpoints, resendWindowMs } = this.#context.limits;
    const mayGoOn = this.#tried.length < resendEndpoints && now - this.#startedMs < resendWindowMs;
    const next = mayGoOn && backend !== undefined ? this.#nextOf(backend) : undefined;
    if (backend === undefined) this.#fail(failure);
    else if (next === undefined) this.#endAtServiceAddress(backend, failure);
    else {
      this.#countResend("connect_failure");
      this.#tryOn(backend, next);
    }
  }

  #countResend(reason: ResendReason): void {
    this.#context.telemetry.resends(this.#runtime.service, reason).add(1);
  }

  #fail(failure: Failure): void {
    this.#runtime.countFailure(failure.kind);
    this.#wire.owner = IGNORING_OWNER;
    this.#wire.reset();
    this.#over();
  }

  #over(): void {
    const { activity } = this.#context;
    activity.streams--;
    activity.lastMs = this.#context.now();
    this.#onEnd();
  }

  onBytes(buffer: Buffer, length: number): void {
    // Reading was stopped; what still comes was on its way.
    const more = buffer.subarray(0, length);
    this.#prefix = this.#prefix === undefined ? Buffer.from(more) : Buffer.concat([this.#prefix, more]);
    this.#wire.pause();
  }

  onPeerEnd(): void {
    this.#hasPeerEnded = true;
  }

  onConnected(): void {}
  onDrained(): void {}
  onWriteFailed(): void {}

  onDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
    this.#wire.destroy();
  }

  onClosed(): void {
    this.#dial?.cancel();
    this.#leaveEndpoint();
    this.#over();
  }

  #leaveEndpoint(): void {
    this.#pool?.endpoint.end();
    this.#pool?.streamClosed();
    this.#pool = undefined;
  }
}
