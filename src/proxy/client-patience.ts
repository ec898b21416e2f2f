import type { ProxyContext } from "./context.ts";
import { Deadline } from "./timer-wheel.ts";

/** A connection that rests this long gives back its parser; a busy one keeps it from request to request. */
const SETTLE_MS = 1_000;
/** How long a refused client may go on sending before its connection is cut, so that it can read the answer. */
export const LINGER_MS = 1_000;
/** How often a client that ended its side, and waits for an answer, is looked after. */
const LOOK_MS = 1_000;

/**
 * What a client is waited for: the rest of a head or of a body, or that it closes after its answer; `departure`: it
 * ended its side before, and may be gone altogether.
 */
export type Awaited = "head" | "body" | "end" | "departure";

type PatienceContext = Pick<ProxyContext, "limits" | "wheel" | "now">;

/** Who is told that the wait is over. */
export interface PatienceOwner {
  /** The client did not do what it was waited for in time. */
  onImpatient(awaited: Awaited): void;
  /** It has sent no request for a while: what is only needed between requests can go. */
  onSettled(): void;
  /** It has sent no request for as long as it may. */
  onIdleTooLong(): void;
}

/** How long one client is waited for. Between requests it costs a busy connection nothing but a look at the clock. */
export class ClientPatience {
  readonly #context: PatienceContext;
  readonly #owner: PatienceOwner;
  readonly #deadline: Deadline;
  #awaited: Awaited | "request" = "request";
  #idleSinceMs = 0;
  #isIdle = true;
  /** The owner was told, and the deadline is a long way off. */
  #isSettled = false;

  constructor(context: PatienceContext, owner: PatienceOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#deadline = new Deadline(() => this.#onDue());
    this.awaitRequest();
  }

  /** The next request may take its time. */
  awaitRequest(): void {
    this.#isIdle = true;
    this.#idleSinceMs = this.#context.now();
    // One that is set already looks at the clock when it is due, so that no request needs to move it.
    if (this.#awaited === "request" && this.#deadline.isSet && !this.#isSettled) return;
    this.#awaited = "request";
    this.#isSettled = false;
    this.#set(Math.min(SETTLE_MS, this.#context.limits.downstreamIdleTimeoutMs));
  }

  /** A head that was begun is waited for from its first byte, whatever else comes of it. */
  awaitHead(): void {
    if (this.#awaited !== "head" || !this.#deadline.isSet) this.await("head");
  }

  await(awaited: Awaited): void {
    this.#awaited = awaited;
    this.#set(this.#delayMs(awaited));
  }

  #delayMs(awaited: Awaited): number {
    switch (awaited) {
      case "head":
        return this.#context.limits.headTimeoutMs;
      case "body":
        return this.#context.limits.bodyStallTimeoutMs;
      case "departure":
        return LOOK_MS;
      case "end":
        return LINGER_MS;
    }
  }

  /** It is not the client that is waited for. */
  stop(): void {
    this.#isIdle = false;
    if (this.#awaited !== "request") this.#deadline.clear();
  }

  /** Nothing of this is heard again. */
  end(): void {
    this.#isIdle = false;
    this.#deadline.clear();
  }

  #set(delayMs: number): void {
    this.#context.wheel.set(this.#deadline, this.#context.now(), delayMs);
  }

  #onDue(): void {
    if (this.#awaited !== "request") this.#owner.onImpatient(this.#awaited);
    else if (this.#isIdle) this.#onIdle();
  }

  #onIdle(): void {
    const { downstreamIdleTimeoutMs } = this.#context.limits;
    const restedMs = this.#context.now() - this.#idleSinceMs;
    if (restedMs >= downstreamIdleTimeoutMs) {
      this.#owner.onIdleTooLong();
    } else if (restedMs >= SETTLE_MS) {
      this.#isSettled = true;
      this.#owner.onSettled();
      this.#set(downstreamIdleTimeoutMs - restedMs);
    } else {
      this.#set(Math.min(SETTLE_MS, downstreamIdleTimeoutMs) - restedMs);
    }
  }
}
