import type { ConnectionView } from "../discovery/client/controller-link.ts";
import type { Clock } from "../platform/clock.ts";

/** What changed while the controller was away arrives within this time after it is back. */
const CATCH_UP_MS = 2_000;

export interface ConfigurationAgeOptions {
  readonly connection: () => Pick<ConnectionView, "isConnected" | "sinceMs">;
  readonly clock: Pick<Clock, "now" | "startTimer">;
  /** What may have been out of date is current again. */
  readonly onCurrent: () => void;
}

/** For how long what is known of the mesh may have been out of date. */
export class ConfigurationAge {
  readonly #options: ConfigurationAgeOptions;
  #timer: { stop(): void } | undefined;

  constructor(options: ConfigurationAgeOptions) {
    this.#options = options;
  }

  /** In ms; 0 while it is known to be current. */
  staleForMs(): number {
    const { connection, clock } = this.#options;
    const { isConnected, sinceMs } = connection();
    const ageMs = clock.now() - sinceMs;
    if (!isConnected) return Math.max(1, ageMs);
    return ageMs < CATCH_UP_MS ? 1 : 0;
  }

  /** To be told of each connection to the controller. */
  connected(): void {
    const { connection, clock, onCurrent } = this.#options;
    this.#timer?.stop();
    this.#timer = clock.startTimer(() => {
      if (connection().isConnected) onCurrent();
    }, CATCH_UP_MS);
  }

  stop(): void {
    this.#timer?.stop();
  }
}
