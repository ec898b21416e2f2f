import type { Locality } from "../balancing/candidates.ts";
import type { Backend } from "../binding/backend.ts";
import type { Frontend } from "../binding/frontend.ts";
import type { ResourceSink } from "../discovery/client/client-ports.ts";
import type { ConfigurationInForce } from "../proxy/configuration-in-force.ts";
import type { Place } from "./proxy-settings.ts";
import type { TurnScheduler } from "./turn-scheduler.ts";

export interface LearnedConfigurationOptions {
  readonly configuration: ConfigurationInForce;
  readonly turns: TurnScheduler;
  /** Where the client runs as far as the controller does not say. */
  readonly place: Place;
}

/** Puts into force what the controller says. */
export class LearnedConfiguration implements ResourceSink {
  readonly #options: LearnedConfigurationOptions;

  constructor(options: LearnedConfigurationOptions) {
    this.#options = options;
    this.putSelf({});
  }

  putFrontend(frontend: Frontend, version: string, onInForce: () => void): void {
    const { configuration, turns } = this.#options;
    turns.run(configuration.putFrontendInSteps({ frontend, version }), (isInForce) => {
      if (isInForce) onInForce();
    });
  }

  removeFrontend(name: string): void {
    this.#options.configuration.removeFrontend(name);
  }

  putBackend(backend: Backend): void {
    this.#options.configuration.putBackend(backend);
  }

  removeBackend(name: string): void {
    this.#options.configuration.removeBackend(name);
  }

  putSelf(self: Locality): void {
    const { configuration, turns, place } = this.#options;
    const zone = self.zone ?? place.zone;
    const node = self.node ?? place.node;
    const locality = { ...(zone !== undefined && { zone }), ...(node !== undefined && { node }) };
    turns.run(configuration.relocateInSteps(locality), () => undefined);
  }
}
