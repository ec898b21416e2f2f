import type { DiscoveryClient } from "../discovery/client/discovery-client.ts";
import { type Destination, destinationName } from "../proxy/configuration.ts";
import type { DestinationLearner, Learning, UnknownReason } from "../proxy/ports.ts";

export interface DestinationLearningOptions {
  readonly client: () => Pick<DiscoveryClient, "learn" | "knows">;
  readonly now: () => number;
  /** A connection has waited for that long. */
  readonly onSettled: (result: "learned" | UnknownReason, waitedMs: number) => void;
}

/** Asks the controller about destinations that a connection is to. */
export class DestinationLearning implements DestinationLearner {
  readonly #options: DestinationLearningOptions;

  constructor(options: DestinationLearningOptions) {
    this.#options = options;
  }

  learn(destination: Destination, onSettled: (reason: UnknownReason) => void): Learning {
    const { client, now, onSettled: tell } = this.#options;
    const name = destinationName(destination);
    const begunMs = now();
    const cancel = client().learn(name, (isKnown) => {
      const reason = this.#reason(name);
      tell(isKnown ? "learned" : reason, now() - begunMs);
      onSettled(reason);
    });
    if (cancel === undefined) return { kind: "unknown", reason: this.#reason(name) };
    return { kind: "begun", cancel };
  }

  #reason(name: string): UnknownReason {
    return this.#options.client().knows(name) === "unknown-to-controller"
      ? "unknown_destination"
      : "not_learned";
  }
}
