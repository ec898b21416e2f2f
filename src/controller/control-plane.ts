import type { BindOptions } from "../binding/bind.ts";
import type { BindingInput } from "../binding/bindable-object.ts";
import { type BindingChanges, IncrementalBinding } from "../binding/incremental-binding.ts";
import type { Node } from "../resources/node.ts";
import { Catalogue } from "./catalogue.ts";

/** How long after a change the next ones are collected, to go out together: a rollout makes many. */
const BURST_MS = 10;

/** What is in force anew. */
export interface MeshChanges extends BindingChanges {
  /** Whether what sidecars are told of themselves may be another. */
  readonly selves: boolean;
  /** When the first of the changes behind it was seen, by the clock. */
  readonly seenMs: number;
}

export interface ControlPlaneOptions extends BindOptions {
  readonly clock: {
    /** Monotonic, in ms. */
    now(): number;
    startTimer(callback: () => void, delayMs: number): { stop(): void };
  };
  /** Runs steps to their end without holding up the event loop for long; the first ones at once. */
  readonly runInTurns: <T>(steps: Generator<undefined, T>) => Promise<T>;
  readonly onChanges: (changes: MeshChanges) => void;
}

/**
 * What the objects of the cluster come to, kept up to date. Nothing is bound before `begin`, since half a cluster would
 * bind to something wrong. After that the first change takes effect at once, and what follows within 10 ms together.
 */
export class ControlPlane {
  readonly catalogue: Catalogue;
  readonly binding: IncrementalBinding;
  readonly #options: ControlPlaneOptions;
  readonly #nodes = new Map<string, Node>();
  #pending: BindingInput[] = [];
  #seenMs = 0;
  #isBegun = false;
  /** Binding, or waiting for the burst to be over. */
  #isBusy = false;
  #pause: { stop(): void } | undefined;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.binding = new IncrementalBinding(options);
    const { frontends, backends } = this.binding;
    this.catalogue = new Catalogue({ frontends, backends, nodes: this.#nodes });
  }

  /** Takes in what a source of objects has to say, in its order. */
  change(inputs: Iterable<BindingInput>): void {
    if (this.#pending.length === 0) this.#seenMs = this.#options.clock.now();
    for (const input of inputs) this.#pending.push(input);
    if (this.#isBegun && !this.#isBusy) void this.#bindPending();
  }

  /** To be called once everything has been listed; what is there is in force when the promise resolves. */
  async begin(): Promise<void> {
    this.#isBegun = true;
    await this.#bindPending();
  }

  /** Nothing is bound any more. */
  stop(): void {
    this.#isBegun = false;
    this.#pause?.stop();
  }

  async #bindPending(): Promise<void> {
    if (this.#pending.length === 0 || !this.#isBegun) return;
    this.#isBusy = true;
    const inputs = this.#pending;
    const seenMs = this.#seenMs;
    this.#pending = [];
    const selves = this.#takeNodes(inputs);
    const changes = await this.#options.runInTurns(this.binding.applyInSteps(inputs));
    this.#options.onChanges({ ...changes, selves, seenMs });
    this.#pause = this.#options.clock.startTimer(() => {
      this.#isBusy = false;
      void this.#bindPending();
    }, BURST_MS);
  }

  /** @returns whether the zone of a node is another than before */
  #takeNodes(inputs: readonly BindingInput[]): boolean {
    let isChanged = false;
    for (const input of inputs) {
      if (input.kind === "upsert" && input.object.kind === "Node") {
        const { name } = input.object.meta;
        if (this.#nodes.get(name)?.zone !== input.object.zone) isChanged = true;
        this.#nodes.set(name, input.object);
      } else if (input.kind === "delete" && input.identity.kind === "Node") {
        if (this.#nodes.get(input.identity.name)?.zone !== undefined) isChanged = true;
        this.#nodes.delete(input.identity.name);
      }
    }
    return isChanged;
  }
}
