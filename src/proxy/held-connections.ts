import type { Destination } from "./configuration.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import type { DestinationLearner, UnknownReason } from "./ports.ts";
import { Deadline } from "./timer-wheel.ts";
import { beginTurn } from "./turn-clock.ts";
import type { Wire, WireOwner } from "./wire.ts";

/** How often those who wait are looked after: nothing is read of them, so that nothing else tells when one is gone. */
const LOOK_MS = 25;

export interface HoldOptions {
  readonly wire: Wire;
  readonly destination: Destination;
  /** As much is known of the destination as will be; the callee becomes the connection's owner. */
  readonly onSettled: (reason: UnknownReason) => void;
  /** The client was gone before. */
  readonly onGone: () => void;
}

/**
 * The connections whose destination is being learned. Nothing is read of them, so that they cost no memory, and whoever
 * takes them over gets every byte.
 */
export class HeldConnections {
  readonly #context: ProxyContext;
  readonly #learner: DestinationLearner;
  readonly #held = new Set<HeldConnection>();
  readonly #look: Deadline;

  constructor(context: ProxyContext, learner: DestinationLearner) {
    this.#context = context;
    this.#learner = learner;
    this.#look = new Deadline(() => this.#lookAfter());
  }

  /** No more may wait. */
  get isFull(): boolean {
    return this.#held.size >= this.#context.limits.heldConnections;
  }

  hold(options: HoldOptions): void {
    const held = new HeldConnection(this.#context, options, () => this.#held.delete(held));
    this.#held.add(held);
    held.begin(this.#learner);
    if (this.#held.size > 0 && !this.#look.isSet) this.#setLook();
  }

  #setLook(): void {
    this.#context.wheel.set(this.#look, this.#context.now(), LOOK_MS);
  }

  #lookAfter(): void {
    for (const held of this.#held) held.lookAfter();
    if (this.#held.size > 0) this.#setLook();
  }
}

class HeldConnection implements WireOwner {
  readonly #context: ProxyContext;
  readonly #options: HoldOptions;
  readonly #onLeave: () => void;
  #cancel: (() => void) | undefined;
  #isOver = false;

  constructor(context: ProxyContext, options: HoldOptions, onLeave: () => void) {
    this.#context = context;
    this.#options = options;
    this.#onLeave = onLeave;
    context.activity.streams++;
    options.wire.owner = this;
    options.wire.pause();
  }

  begin(learner: DestinationLearner): void {
    const learning = learner.learn(this.#options.destination, (reason) => this.#settled(reason));
    if (learning.kind === "unknown") this.#settle(learning.reason);
    else this.#cancel = learning.cancel;
  }

  /** A client that reset its connection waits for nothing; one that only ended its side may. */
  lookAfter(): void {
    if (this.#options.wire.isPeerGone) this.#options.wire.destroy();
  }

  #settled(reason: UnknownReason): void {
    beginTurn();
    this.#cancel = undefined;
    try {
      this.#settle(reason);
    } catch (error) {
      this.#options.wire.failed(error);
    }
  }

  #settle(reason: UnknownReason): void {
    const { wire, onSettled } = this.#options;
    if (this.#isOver || wire.isClosed) return;
    if (wire.isPeerGone) {
      wire.destroy();
      return;
    }
    this.#leave();
    onSettled(reason);
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { activity, now } = this.#context;
    activity.streams--;
    activity.lastMs = now();
    this.#onLeave();
  }

  onConnected(): void {}
  onBytes(): void {}
  onPeerEnd(): void {}
  onDrained(): void {}
  onWriteFailed(): void {}

  onDefect(error: unknown): void {
    reportDefect(this.#context.log, error);
    this.#options.wire.destroy();
  }

  onClosed(): void {
    this.#leave();
    this.#cancel?.();
    this.#options.onGone();
  }
}
