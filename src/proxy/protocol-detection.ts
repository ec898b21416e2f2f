import { protocolOf } from "../http1/detect-protocol.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import type { FrontendSlot } from "./frontend-runtime.ts";
import { Http1Downstream } from "./http1-downstream.ts";
import { OpaqueConnection } from "./opaque-connection.ts";
import type { ConnectionProtocol } from "./ports.ts";
import { Deadline } from "./timer-wheel.ts";
import type { Wire, WireOwner } from "./wire.ts";

interface IntakeOptions {
  readonly context: ProxyContext;
  readonly slot: FrontendSlot;
  readonly wire: Wire;
  /** The client's connection is over. */
  readonly onEnd: () => void;
}

/** Begins to serve a connection to a Service port, as the port's protocol says. */
export function takeConnection(options: IntakeOptions): void {
  if (options.slot.current.frontend.protocol === "opaque")
    forwardOpaquely(options, "opaque", undefined, false);
  else options.wire.owner = new ProtocolDetection(options);
}

function forwardOpaquely(
  options: IntakeOptions,
  protocol: ConnectionProtocol,
  prefix: Buffer | undefined,
  hasPeerEnded: boolean,
): void {
  const { context, slot, wire } = options;
  const onEnd = counted(options, protocol);
  new OpaqueConnection({ context, runtime: slot.current, wire, prefix, hasPeerEnded, onEnd }).start();
}

/** Counts the connection under its protocol until it ends. */
function counted({ context, slot, onEnd }: IntakeOptions, protocol: ConnectionProtocol): () => void {
  const { service } = slot.current;
  context.telemetry.connections(service, protocol).add(1);
  const open = context.telemetry.connectionsOpen(service, protocol);
  open.add(1);
  return () => {
    open.add(-1);
    onEnd();
  };
}

/**
 * Owns a connection until its first bytes tell what it speaks: HTTP/1.1 is parsed; HTTP/2, TLS and anything else is
 * forwarded opaquely.
 */
class ProtocolDetection implements WireOwner {
  readonly #options: IntakeOptions;
  readonly #deadline: Deadline;
  #prefix: Buffer | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#deadline = new Deadline(this.#onDue);
    const { detectTimeoutMs, downstreamIdleTimeoutMs } = options.context.limits;
    this.#startDeadline(this.#mayBeOpaque ? detectTimeoutMs : downstreamIdleTimeoutMs);
  }

  #startDeadline(delayMs: number): void {
    const { wheel, now } = this.#options.context;
    wheel.set(this.#deadline, now(), delayMs);
  }

  /** A port that declares HTTP is waited for; one that does not may belong to a server that speaks first. */
  get #mayBeOpaque(): boolean {
    return this.#options.slot.current.frontend.protocol === "detect";
  }

  onConnected(): void {}
  onDrained(): void {}
  onWriteFailed(): void {}

  onDefect(error: unknown): void {
    reportDefect(this.#options.context.log, error);
    this.#options.wire.destroy();
  }

  onBytes(buffer: Buffer, length: number): void {
    const prefix = this.#prefix;
    const bytes = prefix === undefined ? buffer : Buffer.concat([prefix, buffer.subarray(0, length)]);
    const end = prefix === undefined ? length : bytes.length;
    switch (protocolOf(bytes, 0, end)) {
      case "need-more":
        this.#prefix = Buffer.from(bytes.subarray(0, end));
        if (prefix === undefined && !this.#mayBeOpaque)
          this.#startDeadline(this.#options.context.limits.headTimeoutMs);
        return;
      case "http1":
        this.#http1().onBytes(bytes, end);
        return;
      case "http2":
        this.#opaque("http2", Buffer.from(bytes.subarray(0, end)), false);
        return;
      case "tls":
      case "unknown":
        this.#opaque("opaque", Buffer.from(bytes.subarray(0, end)), false);
    }
  }

  #http1(): Http1Downstream {
    const { context, slot, wire } = this.#options;
    this.#deadline.clear();
    const downstream = new Http1Downstream(context, slot, wire, counted(this.#options, "http1"));
    wire.owner = downstream;
    return downstream;
  }

  #opaque(protocol: ConnectionProtocol, prefix: Buffer | undefined, hasPeerEnded: boolean): void {
    this.#deadline.clear();
    forwardOpaquely(this.#options, protocol, prefix, hasPeerEnded);
  }

  onPeerEnd(): void {
    if (this.#prefix !== undefined || this.#mayBeOpaque) this.#opaque("opaque", this.#prefix, true);
    else this.#options.wire.end();
  }

  onClosed(): void {
    this.#deadline.clear();
    this.#options.onEnd();
  }

  readonly #onDue = (): void => {
    if (this.#mayBeOpaque) this.#opaque("opaque", this.#prefix, false);
    else if (this.#prefix === undefined) this.#options.wire.destroy();
    else this.#http1().refuseSlowHead();
  };
}
