import type { ProxyContext } from "./context.ts";
import { Deadline } from "./timer-wheel.ts";
import type { Wire } from "./wire.ts";

/** Watches a peer that is slow to take what is written to it, and tells when it takes nothing at all any more. */
export class WriteWatch {
  readonly #context: ProxyContext;
  readonly #wire: Wire;
  readonly #onStalled: () => void;
  readonly #deadline: Deadline;
  /** What waited when the watch last looked. */
  #untakenBytes = 0;
  #sentBytes = 0;

  /** @param onStalled called once after `writeStallTimeoutMs` without a byte taken */
  constructor(context: ProxyContext, wire: Wire, onStalled: () => void) {
    this.#context = context;
    this.#wire = wire;
    this.#onStalled = onStalled;
    this.#deadline = new Deadline(this.#onDue);
  }

  /** To be called when something waits. Watches until nothing does. */
  start(): void {
    if (!this.#deadline.isSet) this.#look();
  }

  stop(): void {
    this.#deadline.clear();
  }

  #look(): void {
    const { now, wheel, limits } = this.#context;
    this.#untakenBytes = this.#wire.untakenBytes;
    this.#sentBytes = this.#wire.bytesWritten - this.#wire.pendingBytes;
    wheel.set(this.#deadline, now(), limits.writeStallTimeoutMs);
  }

  readonly #onDue = (): void => {
    const wire = this.#wire;
    if (wire.pendingBytes === 0 || wire.isClosed) return;
    const hasTaken =
      wire.untakenBytes < this.#untakenBytes || wire.bytesWritten - wire.pendingBytes > this.#sentBytes;
    if (hasTaken) this.#look();
    else this.#onStalled();
  };
}
