import { messageOf } from "../../resources/error-message.ts";
import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { Sleeper } from "../sleeper.ts";
import { type TrustStep, type TrustTimes, trustTimes } from "./plan-trust.ts";
import { reviseTrust } from "./revise-trust.ts";
import { SteadyClock } from "./steady-clock.ts";
import { readTrust, type TrustContent, writeTrust } from "./trust-content.ts";
import { bundleKey } from "./trust-names.ts";
import type { Distributed, StoredTrust, TrustAnswer, TrustSecretPort } from "./trust-secret-port.ts";

/** What was done to the Secret, for Events and people. */
export type TrustChange =
  | { readonly kind: "created" }
  | { readonly kind: "repaired"; readonly problems: readonly string[] }
  | { readonly kind: "authority-added"; readonly why: string; readonly expiresMs: number }
  | { readonly kind: "serving-issued"; readonly why: string; readonly expiresMs: number }
  | { readonly kind: "authority-dropped" }
  /** Something is to be done and can't be. */
  | { readonly kind: "failed"; readonly message: string };

/** Who brings the bundle to the namespaces. */
export interface Distribution {
  want(bundle: string): void;
  readonly isEverywhere: boolean;
  run(signal: AbortSignal, mayWrite: () => boolean): Promise<void>;
}

export interface MaintainTrustOptions {
  readonly secrets: TrustSecretPort;
  readonly distribution: Distribution;
  /** The names that clients call the controller by. */
  readonly names: readonly string[];
  readonly times?: TrustTimes;
  readonly clock: ControllerClock;
  readonly random: () => number;
  readonly log: ControllerLog;
  readonly onChange?: (change: TrustChange) => void;
  /** How often the Secret is looked at when nothing pokes: 1 minute. */
  readonly checkMs?: number;
}

/** The leader's loop can be told that there may be something to do. */
export interface TrustMaintainer {
  /** The Secret has changed, or the bundle may have come everywhere. */
  poke(): void;
  /**
   * Makes the Secret, repairs and rotates what is in it and brings the bundle to the namespaces, until `signal` aborts;
   * resolves when the last write is over. Can be run again. `mayWrite` is asked right before each write.
   */
  run(signal: AbortSignal, mayWrite: () => boolean): Promise<void>;
}

export function createTrustMaintainer(options: MaintainTrustOptions): TrustMaintainer {
  const loop = new MaintenanceLoop(options);
  return {
    poke: () => loop.poke(),
    run: (signal, mayWrite) => loop.run(signal, mayWrite),
  };
}

const shortestPauseMs = 500;
const longestPauseMs = 30_000;

class MaintenanceLoop {
  readonly #options: MaintainTrustOptions;
  readonly #sleeper: Sleeper;
  #isPoked = false;
  #mayBePoked = false;
  /** From the start on: who comes to lead after a jump must not take what it led to for the right time. */
  readonly #steady: SteadyClock;
  #read: { readonly resourceVersion: string; readonly content: TrustContent } | undefined;

  constructor(options: MaintainTrustOptions) {
    this.#options = options;
    const { clock } = options;
    this.#sleeper = new Sleeper(clock);
    this.#steady = new SteadyClock(clock.wallTime(), clock.now());
  }

  poke(): void {
    this.#isPoked = true;
    if (this.#mayBePoked) this.#sleeper.wake();
  }

  async run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    const { checkMs = 60_000, distribution, random } = this.#options;
    const distributing = distribution.run(signal, mayWrite);
    const onAbort = (): void => this.#sleeper.wake();
    signal.addEventListener("abort", onAbort);
    let failures = 0;
    while (!signal.aborted) {
      this.#isPoked = false;
      const isDone = await this.#attempt(signal, mayWrite);
      failures = isDone ? 0 : failures + 1;
      const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** failures) * (0.75 + 0.5 * random());
      // A poke does not end this pause: somebody may change the Secret as fast as it is set right.
      if (!signal.aborted) await this.#sleeper.sleep(pauseMs);
      this.#mayBePoked = true;
      if (isDone && !this.#isPoked && !signal.aborted) await this.#sleeper.sleep(checkMs);
      this.#mayBePoked = false;
    }
    signal.removeEventListener("abort", onAbort);
    await distributing;
  }

  /** What nobody thought of must not end the work for good: it is said, and tried again. */
  async #attempt(signal: AbortSignal, mayWrite: () => boolean): Promise<boolean> {
    try {
      return await this.#pass(signal, mayWrite);
    } catch (error) {
      const message = messageOf(error);
      return this.#failed({ kind: "failed", message }, signal);
    }
  }

  /** Brings the Secret to what it is to be now. False: it could not be done, or something else came between. */
  async #pass(signal: AbortSignal, mayWrite: () => boolean): Promise<boolean> {
    const { clock, distribution, log, names, secrets, times = trustTimes } = this.#options;
    if (!this.#steady.isSteady(clock.wallTime(), clock.now())) {
      log.limited("warn", "the clock has jumped: certificates are left alone for ten minutes", "");
      return true;
    }
    const found = await secrets.read(signal);
    if (found.kind !== "secret" && found.kind !== "absent") return this.#failed(found, signal);
    const stored: StoredTrust =
      found.kind === "secret" ? found.secret : { data: {}, distributed: new Map(), resourceVersion: "" };
    const before = this.#contentOf(stored);
    const nowMs = clock.wallTime();
    const { distributed } = stored;
    const { content, steps } = await reviseTrust({ content: before, distributed, names, nowMs, times });
    const data = writeTrust(content);
    let latest = stored;
    if (Object.entries(data).some(([key, value]) => stored.data[key] !== value)) {
      if (!mayWrite()) return false;
      const written =
        found.kind === "absent"
          ? await secrets.create(data, signal)
          : await secrets.replace({ ...stored, data }, signal);
      if (written.kind !== "secret") return this.#failed(written, signal);
      this.#tell(found.kind === "absent", before, content, steps);
      latest = written.secret;
    }
    distribution.want(data[bundleKey] ?? "");
    return await this.#noteDistributed(latest, content, signal, mayWrite);
  }

  /** What was read is read once: it takes a few signatures to check. */
  #contentOf({ data, resourceVersion }: StoredTrust): TrustContent {
    if (this.#read?.resourceVersion !== resourceVersion || resourceVersion === "") {
      this.#read = { resourceVersion, content: readTrust(data) };
    }
    return this.#read.content;
  }

  /** Writes down which CAs have come everywhere, so that the next leader knows it, too. */
  async #noteDistributed(
    stored: StoredTrust,
    { authorities }: TrustContent,
    signal: AbortSignal,
    mayWrite: () => boolean,
  ): Promise<boolean> {
    const { clock, distribution, secrets } = this.#options;
    if (!distribution.isEverywhere) return true;
    const nowMs = clock.wallTime();
    const prints = authorities.map((authority) => authority.fingerprint);
    // A time to come was noted by a clock that was wrong.
    const isNoted = (print: string): boolean => (stored.distributed.get(print) ?? Infinity) <= nowMs;
    if (prints.every(isNoted)) return true;
    const distributed: Distributed = new Map(
      prints.map((print) => [print, Math.min(stored.distributed.get(print) ?? nowMs, nowMs)]),
    );
    if (!mayWrite()) return false;
    const noted = await secrets.replace({ ...stored, distributed }, signal);
    return noted.kind === "secret" || this.#failed(noted, signal);
  }

  #failed(answer: Exclude<TrustAnswer, { kind: "secret" }>, signal: AbortSignal): false {
    // What was broken off at the end of a term has not failed.
    if (answer.kind !== "failed" || signal.aborted) return false;
    const { log, onChange } = this.#options;
    log.limited("warn", "can't read or write the Secret with the CAs", "", { error: answer.message });
    onChange?.({ kind: "failed", message: answer.message });
    return false;
  }

  #tell(isNew: boolean, before: TrustContent, after: TrustContent, steps: readonly TrustStep[]): void {
    const { log, onChange } = this.#options;
    const { problems } = before;
    if (isNew) {
      log.info("made the Secret with CA and serving certificate");
      onChange?.({ kind: "created" });
    }
    if (problems.length > 0) {
      log.warn("repaired the Secret with the CAs", { problems: problems.join("; ") });
      onChange?.({ kind: "repaired", problems });
    }
    for (const step of steps) {
      const change = describe(step, after);
      if (change === undefined || isNew) continue;
      log.info("changed the Secret with the CAs", fieldsOf(change));
      onChange?.(change);
    }
  }
}

type DescribedStep = Exclude<TrustChange, { kind: "created" | "repaired" | "failed" }>;

function fieldsOf(change: DescribedStep): Readonly<Record<string, string>> {
  if (change.kind === "authority-dropped") return { change: change.kind };
  const { kind, why, expiresMs } = change;
  return { change: kind, why, expires: new Date(expiresMs).toISOString() };
}

function describe(step: TrustStep, after: TrustContent): DescribedStep | undefined {
  switch (step.kind) {
    case "add-authority":
      return { kind: "authority-added", why: step.why, expiresMs: after.authorities[0]?.notAfterMs ?? 0 };
    case "issue-serving":
      return { kind: "serving-issued", why: step.why, expiresMs: after.serving?.notAfterMs ?? 0 };
    case "drop-authority":
      return { kind: "authority-dropped" };
    case "drop-key":
      return undefined;
  }
}
