import type { ConnectionView } from "../discovery/client/controller-link.ts";
import type { Clock } from "../platform/clock.ts";

/** What changed while the controller was away arrives within this time after it is back. */
const CATCH_UP_MS = 2_000;

export interface ConfigurationAgeOptions {
  readonly connection: () => Pick<ConnectionView, "isConnected" | "sinceMs">;
  readonly clock: Pick<Clock, "now" | "startTimer">;
  /** For how long what is known at the start may have been out of date by then, in ms. */
  readonly initialMs: number;
  /** What may have been out of date is current again. */
  readonly onCurrent: () => void;
}

/** For how long what is known of the mesh may have been out of date. */
export class ConfigurationAge {
  readonly #options: ConfigurationAgeOptions;
  #timer: { stop(): void } | undefined;
  #staleSinceMs: number;
  /** The connection that stands, or was last lost, had caught up, and its loss was not noted yet. */
  #wasCurrent = false;

  constructor(options: ConfigurationAgeOptions) {
    this.#options = options;
    this.#staleSinceMs = options.clock.now() - options.initialMs;
  }

  /** In ms; 0 while it is known to be current. A connection that was lost before it caught up changed nothing. */
  staleForMs(): number {
    const { connection, clock } = this.#options;
    const { isConnected, sinceMs } = connection();
    if (isConnected) return clock.now() - sinceMs < CATCH_UP_MS ? 1 : 0;
    if (this.#wasCurrent) this.#lost(sinceMs);
    return Math.max(1, clock.now() - this.#staleSinceMs);
  }

  /** To be told of each connection to the controller. */
  connected(): void {
    const { connection, clock, onCurrent } = this.#options;
    this.#timer?.stop();
    if (this.#wasCurrent) this.#lost(clock.now());
    this.#timer = clock.startTimer(() => {
      if (!connection().isConnected) return;
      this.#wasCurrent = true;
      onCurrent();
    }, CATCH_UP_MS);
  }

  #lost(atMs: number): void {
    this.#wasCurrent = false;
    this.#staleSinceMs = atMs;
  }

  stop(): void {
    this.#timer?.stop();
  }
}
