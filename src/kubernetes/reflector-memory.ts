import { messageOf } from "../resources/error-message.ts";
import { HeldObjects, type ObjectChange } from "./held-objects.ts";
import type { ReflectorOptions } from "./reflector.ts";
import { emptyStatistics, type MutableStatistics, type ReflectorState } from "./reflector-statistics.ts";

/** What outlives a reflector whose place another takes, and how its user hears of changes. */
export class ReflectorMemory<T> {
  readonly held: HeldObjects<T>;
  readonly statistics: MutableStatistics = emptyStatistics();
  /** As kubectl calls it, for the log. */
  readonly resource: string;
  readonly #options: Pick<ReflectorOptions<T>, "onChanges" | "onState" | "log">;

  constructor(
    resource: string,
    options: Pick<ReflectorOptions<T>, "read" | "isSame" | "onChanges" | "onState" | "log">,
  ) {
    this.resource = resource;
    this.#options = options;
    this.held = new HeldObjects<T>({
      read: options.read,
      ...(options.isSame === undefined ? {} : { isSame: options.isSame }),
      onMalformed: () => {
        this.statistics.malformed++;
      },
      onSkipped: (key, error) => {
        this.statistics.skipped++;
        options.log.error("object can't be read", { resource, key, error: messageOf(error) });
      },
    });
  }

  enter(state: ReflectorState): void {
    if (this.statistics.state === state) return;
    this.statistics.state = state;
    this.#guard("state can't be taken", () => this.#options.onState?.(state));
  }

  deliver(changes: readonly ObjectChange<T>[]): void {
    this.statistics.objects = this.held.size;
    if (changes.length > 0) this.#guard("changes can't be taken", () => this.#options.onChanges(changes));
  }

  /** What the user's code throws must not end the reflector. */
  #guard(message: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.statistics.handlerErrors++;
      this.#options.log.error(message, { resource: this.resource, error: messageOf(error) });
    }
  }
}
