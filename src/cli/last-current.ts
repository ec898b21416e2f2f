import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";

/**
 * When what the snapshot holds was last known to be current, kept in a file beside it: a proxy that starts while the
 * controller is away has to know for how long that is so already. The time of the snapshot itself does not tell, since
 * it is written only when something changes.
 */
export class LastCurrent {
  readonly #path: string;
  readonly #wallTime: () => number;

  /** @param wallTime ms since 1970 */
  constructor(snapshot: string, wallTime: () => number) {
    this.#path = `${snapshot}.current`;
    this.#wallTime = wallTime;
  }

  /** How long ago that was, in ms; 0 where nothing tells. Reads at once, for this is before the first connection. */
  ageMs(): number {
    try {
      const ageMs = this.#wallTime() - Date.parse(readFileSync(this.#path, "utf8"));
      return ageMs > 0 ? ageMs : 0;
    } catch {
      return 0;
    }
  }

  /** It is so now. Where that can't be written the next start knows less, which the snapshot's own failures tell. */
  async note(): Promise<void> {
    await writeFile(this.#path, new Date(this.#wallTime()).toISOString(), { mode: 0o600 }).catch(
      () => undefined,
    );
  }
}
