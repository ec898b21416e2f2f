import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { connectFailureKind, type Failure } from "./failure.ts";
import { Deadline } from "./timer-wheel.ts";
import { dialWire, type Wire, type WireOwner } from "./wire.ts";

export interface DialOutcome {
  /** The connection stands; the callee becomes its owner in the same turn. */
  onDialled(wire: Wire): void;
  onDialFailed(failure: Failure): void;
}

/** One attempt at a connection for a byte stream. */
export class EndpointDial implements WireOwner {
  readonly #context: ProxyContext;
  readonly #name: string;
  readonly #outcome: DialOutcome;
  readonly #deadline: Deadline;
  readonly #wire: Wire;
  #isOver = false;

  constructor(
    context: ProxyContext,
    address: { readonly host: string; readonly port: number },
    outcome: DialOutcome,
  ) {
    this.#context = context;
    this.#name = address.host.includes(":")
      ? `[${address.host}]:${address.port}`
      : `${address.host}:${address.port}`;
    this.#outcome = outcome;
    this.#deadline = new Deadline(this.#onDue);
    context.wheel.set(this.#deadline, context.now(), context.limits.connectTimeoutMs);
    this.#wire = dialWire(address, this, context.limits.highWaterBytes);
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#isOver = true;
    this.#deadline.clear();
    this.#wire.destroy();
  }

  onConnected(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline.clear();
    this.#outcome.onDialled(this.#wire);
  }

  onClosed(error: NodeJS.ErrnoException | undefined): void {
    this.#fail({ kind: connectFailureKind(error), details: `${this.#name}: ${error?.code ?? "closed"}` });
  }

  onBytes(): void {}
  onPeerEnd(): void {}
  onDrained(): void {}
  onWriteFailed(): void {}

  onDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
    this.#fail({ kind: "internal", details: "the proxy failed to connect" });
  }

  readonly #onDue = (): void => {
    const { connectTimeoutMs } = this.#context.limits;
    this.#fail({
      kind: "connection_timeout",
      details: `${this.#name}: no connection within ${connectTimeoutMs} ms`,
    });
  };

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.cancel();
    this.#outcome.onDialFailed(failure);
  }
}
