import type { ControllerClock } from "../../../src/controller/clock.ts";
import type { ControllerLog } from "../../../src/controller/controller-log.ts";
import {
  createTrustMaintainer,
  type Distribution,
  type MaintainTrustOptions,
  type TrustChange,
  type TrustMaintainer,
} from "../../../src/controller/trust/maintain-trust.ts";
import { SimulatedTime, settle } from "../../support/simulated-time.ts";
import { TrustServer } from "./trust-server.ts";

export const dayMs = 86_400_000;
export const hourMs = 3_600_000;

export interface TrustHarnessOptions extends Partial<MaintainTrustOptions> {
  /** When it begins, in milliseconds since 1970. */
  readonly startMs?: number;
  /** How long the bundle takes to come to all namespaces. */
  readonly spread?: () => number;
}

/** Leaders, one after the other, with an API server and namespaces that all follow one simulated time. */
export class TrustHarness {
  readonly time = new SimulatedTime();
  readonly server = new TrustServer();
  readonly startMs: number;
  readonly changes: TrustChange[] = [];
  readonly warnings: string[] = [];
  /** Every bundle that was wanted, since when it was everywhere (wall time). */
  readonly spread: { readonly bundle: string; readonly atMs: number }[] = [];
  mayWrite = true;
  /** How wrong the wall clock is. */
  jumpMs = 0;
  readonly #options: TrustHarnessOptions;
  #timers = 0;
  #leader:
    | { readonly abort: AbortController; readonly done: Promise<void>; readonly maintainer: TrustMaintainer }
    | undefined;

  constructor(options: TrustHarnessOptions = {}) {
    this.#options = options;
    this.startMs = options.startMs ?? Date.parse("2026-12-01T00:00:00Z");
  }

  get wallMs(): number {
    return this.startMs + this.time.nowMs + this.jumpMs;
  }

  /** A replica begins to lead. It knows nothing but the Secret. @param before what happens after its start */
  lead(before: () => void = () => undefined): void {
    const abort = new AbortController();
    const maintainer = createTrustMaintainer({
      secrets: this.server,
      distribution: this.#distribution(() => maintainer.poke()),
      names: ["eastbound-controller"],
      clock: this.#clock(),
      random: () => 0.5,
      log: this.#log(),
      onChange: (change) => this.changes.push(change),
      checkMs: 6 * hourMs,
      ...this.#options,
    });
    before();
    this.#leader = { abort, maintainer, done: maintainer.run(abort.signal, () => this.mayWrite) };
  }

  async stop(): Promise<void> {
    this.#leader?.abort.abort();
    await this.#leader?.done;
    this.#leader = undefined;
  }

  poke(): void {
    this.#leader?.maintainer.poke();
  }

  /** Lets time go by, as slowly as the making of keys needs. */
  async pass(ms: number): Promise<void> {
    const endMs = this.time.nowMs + ms;
    await this.#rest();
    for (let next = this.time.nextMs; next !== undefined && next <= endMs; next = this.time.nextMs) {
      await this.time.pass(next - this.time.nowMs);
      await this.#rest();
    }
    await this.time.pass(endMs - this.time.nowMs);
  }

  /** Waits until the leader waits. */
  async #rest(): Promise<void> {
    await settle();
    while (this.#leader !== undefined && this.#timers === 0) await settle();
  }

  #clock(): ControllerClock {
    return {
      now: () => this.time.nowMs,
      wallTime: () => this.wallMs,
      startTimer: (callback, delayMs) => {
        this.#timers++;
        let isRunning = true;
        const end = (): void => {
          if (isRunning) this.#timers--;
          isRunning = false;
        };
        const cancel = this.time.after(delayMs, () => {
          end();
          callback();
        });
        return {
          stop: () => {
            end();
            cancel();
          },
        };
      },
    };
  }

  #log(): ControllerLog {
    return {
      info: () => undefined,
      warn: (message, fields) => void this.warnings.push(`${message}: ${JSON.stringify(fields)}`),
      limited: (_level, message, _key, fields) =>
        void this.warnings.push(`${message}: ${JSON.stringify(fields)}`),
    };
  }

  /** What a leader knows of the namespaces: each begins with none seen. */
  #distribution(onEverywhere: () => void): Distribution {
    const { spread = () => 0 } = this.#options;
    const { spread: all, time } = this;
    const wallMs = (): number => this.wallMs;
    let wanted: string | undefined;
    let has: string | undefined;
    return {
      want: (bundle) => {
        if (wanted === bundle) return;
        wanted = bundle;
        time.after(spread(), () => {
          if (wanted !== bundle) return;
          has = bundle;
          if (all.at(-1)?.bundle !== bundle) all.push({ bundle, atMs: wallMs() });
          onEverywhere();
        });
      },
      get isEverywhere() {
        return has !== undefined && has === wanted;
      },
      run: async (signal) => {
        wanted = undefined;
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
      },
    };
  }
}
