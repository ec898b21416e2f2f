import type { ObjectChange } from "../../../src/kubernetes/held-objects.ts";
import type { Reflector, ReflectorOptions } from "../../../src/kubernetes/reflector.ts";
import type { WatchApi } from "../../../src/kubernetes/watch-api.ts";
import { systemClock } from "../../../src/platform/clock.ts";

/** The options that are alike in all tests. */
export type CommonOptions = Omit<ReflectorOptions<string>, "resource">;

/** What a reflector makes known of the cluster, as its user sees it: per key the object's `data.value`. */
export class FollowedObjects implements AsyncDisposable {
  readonly objects = new Map<string, string>();
  readonly log: string[] = [];
  readonly reflector: Reflector;
  readonly #waiting = new Set<() => void>();

  /** `start` starts the reflector with the options that it is given, and others that the test wants. */
  constructor(api: WatchApi, start: (base: CommonOptions) => Reflector) {
    const note = (message: string, fields: object = {}): void => {
      this.log.push(`${message} ${JSON.stringify(fields)}`);
      this.#wake();
    };
    this.reflector = start({
      read: readValue,
      onChanges: (changes) => this.#take(changes),
      onState: () => this.#wake(),
      api,
      clock: systemClock,
      random: Math.random,
      log: { info: note, warn: note, error: note },
    });
  }

  /** Resolves when this holds; looks whenever the reflector has done anything. */
  async until(what: string, holds: () => boolean, timeoutMs = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!holds()) {
      if (signal.aborted) throw new Error(`did not come within ${timeoutMs} ms: ${what}\n${this.#story()}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reflector.stop();
  }

  #take(changes: readonly ObjectChange<string>[]): void {
    for (const change of changes) {
      if (change.kind === "upsert") this.objects.set(change.key, change.object);
      else this.objects.delete(change.key);
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #story(): string {
    const objects = JSON.stringify([...this.objects]).slice(0, 1_000);
    return [...this.log.slice(-20), objects, JSON.stringify(this.reflector.statistics)].join("\n");
  }
}

function readValue(raw: unknown): string {
  return (raw as { readonly data?: { readonly value?: string } }).data?.value ?? "";
}
