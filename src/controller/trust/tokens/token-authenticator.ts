import { createHash } from "node:crypto";
import type { Authenticate, Authentication } from "../../../discovery/server/authentication.ts";
import type { ControllerClock } from "../../clock.ts";
import type { ControllerLog } from "../../controller-log.ts";
import { BoundedMap } from "./bounded-map.ts";
import { CallGate } from "./call-gate.ts";
import { type RefusalReason, readIdentity } from "./pod-identity.ts";
import { readClaims, type TokenClaims } from "./token-claims.ts";
import type { TokenReviewPort } from "./token-review-port.ts";

/** The audience of sidecars' tokens. */
export const discoveryAudience = "eastbound.dev/discovery";

export interface TokenLimits {
  /** How long an accepted token is not asked for again. */
  readonly freshMs: number;
  /** How long an accepted token is taken while the API server can't be asked: what a revoked one lives at most. */
  readonly staleMs: number;
  /** How long after a review that failed the known tokens are not asked for: each would wait for an answer. */
  readonly unavailableMs: number;
  /** How long a refused token is not asked for again. */
  readonly refusedMs: number;
  /** How many accepted tokens are remembered, and as many refused ones: about 500 bytes each. */
  readonly mostTokens: number;
  readonly mostReviews: number;
  readonly mostWaiting: number;
}

export const tokenLimits: TokenLimits = {
  freshMs: 120_000,
  staleMs: 600_000,
  unavailableMs: 5_000,
  refusedMs: 10_000,
  mostTokens: 20_000,
  mostReviews: 32,
  mostWaiting: 10_000,
};

/** Where an answer came from: the API server, or what was remembered. */
export type TokenOutcome = "reviewed" | "remembered" | "remembered, unavailable" | "unavailable";

export interface TokenAuthenticatorOptions {
  readonly review: TokenReviewPort;
  readonly audience?: string;
  readonly clock: Pick<ControllerClock, "now" | "wallTime">;
  readonly log: ControllerLog;
  readonly limits?: TokenLimits;
  /** Told of each answer, for metrics. */
  readonly onOutcome?: (outcome: TokenOutcome, refusal: RefusalReason | undefined) => void;
}

/**
 * Tells by TokenReview who a token belongs to. Answers are remembered under the token's hash: the token itself is kept
 * nowhere. The returned function rejects when the API server can't be asked and nothing is remembered: the client is to
 * try again.
 */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticate {
  const authenticator = new TokenAuthenticator(options);
  return (token) => authenticator.authenticate(token);
}

type Accepted = Extract<Authentication, { kind: "ok" }>;

interface Remembered {
  readonly answer: Accepted;
  /** By the monotonic clock. */
  readonly reviewedMs: number;
}

interface Refused {
  readonly reason: RefusalReason;
  readonly reviewedMs: number;
}

class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;
  readonly #audience: string;
  readonly #limits: TokenLimits;
  readonly #accepted: BoundedMap<string, Remembered>;
  readonly #refused: BoundedMap<string, Refused>;
  readonly #underway = new Map<string, Promise<Authentication>>();
  readonly #gate: CallGate;
  /** When a review last failed, while none has succeeded since; by the monotonic clock. */
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
    this.#audience = options.audience ?? discoveryAudience;
    this.#limits = options.limits ?? tokenLimits;
    this.#accepted = new BoundedMap(this.#limits.mostTokens);
    this.#refused = new BoundedMap(this.#limits.mostTokens);
    this.#gate = new CallGate(this.#limits.mostReviews, this.#limits.mostWaiting);
  }

  async authenticate(token: string): Promise<Authentication> {
    const claims = readClaims(token);
    if (claims === undefined) return this.#refuse("malformed token", "remembered");
    // The API server would say no more, and strangers' tokens cost it nothing this way.
    if (!claims.audiences.includes(this.#audience)) {
      return this.#refuse("token for another audience", "remembered");
    }
    const hash = createHash("sha256").update(token).digest("base64");
    const known = this.#remembered(hash);
    if (known !== undefined) return known;
    const underway = this.#underway.get(hash);
    if (underway !== undefined) return await underway;
    const review = this.#review(token, hash, claims).finally(() => this.#underway.delete(hash));
    this.#underway.set(hash, review);
    return await review;
  }

  /** An answer that needs no review. */
  #remembered(hash: string): Authentication | undefined {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const refused = this.#refused.get(hash);
    if (refused !== undefined && nowMs - refused.reviewedMs < this.#limits.refusedMs) {
      return this.#refuse(refused.reason, "remembered");
    }
    const accepted = this.#accepted.get(hash);
    if (accepted === undefined) return undefined;
    if (nowMs - accepted.reviewedMs >= this.#limits.freshMs) {
      // Thousands that come at once would wait for one timeout after the other.
      return nowMs - this.#failedMs < this.#limits.unavailableMs ? this.#stale(hash) : undefined;
    }
    if (accepted.answer.expiresAtMs <= clock.wallTime()) return undefined;
    this.#options.onOutcome?.("remembered", undefined);
    return accepted.answer;
  }

  async #review(token: string, hash: string, claims: TokenClaims): Promise<Authentication> {
    const { clock, review } = this.#options;
    const reviewedMs = clock.now();
    const answer = await this.#gate.run(() => review(token, this.#audience));
    if (answer === undefined) return this.#unavailable(hash, "too many tokens to review");
    if (answer.kind === "failed") {
      this.#failedMs = clock.now();
      return this.#unavailable(hash, answer.message);
    }
    this.#failedMs = Number.NEGATIVE_INFINITY;
    const read = readIdentity(answer, this.#audience);
    if (read.kind === "refused") {
      const isExpired = !answer.isAuthenticated && (claims.expiresMs ?? Infinity) <= clock.wallTime();
      const reason = isExpired ? "the token has expired" : read.reason;
      this.#accepted.delete(hash);
      this.#refused.set(hash, { reason, reviewedMs });
      return this.#refuse(reason, "reviewed");
    }
    const expiresAtMs = this.#endOf(claims);
    const accepted: Accepted = { kind: "ok", identity: read.identity, expiresAtMs };
    this.#refused.delete(hash);
    this.#accepted.set(hash, { answer: accepted, reviewedMs });
    this.#options.onOutcome?.("reviewed", undefined);
    return accepted;
  }

  /**
   * When a token that was taken only now ends, by this clock. Where that is over already the clock is wrong, and not the
   * API server's word; and a clock that is behind must not make a token last for longer than it was made for.
   */
  #endOf({ expiresMs, lifeMs = Infinity }: TokenClaims): number {
    const nowMs = this.#options.clock.wallTime();
    if (expiresMs === undefined || expiresMs <= nowMs) return nowMs + this.#limits.staleMs;
    return Math.min(expiresMs, nowMs + lifeMs);
  }

  /** The API server can't be asked: what it said within the last minutes still counts. */
  #unavailable(hash: string, message: string): Authentication {
    const { log, onOutcome } = this.#options;
    log.limited("warn", "can't have tokens reviewed", "", { error: message });
    const stale = this.#stale(hash);
    if (stale !== undefined) return stale;
    onOutcome?.("unavailable", undefined);
    throw new Error(`the token can't be reviewed now: ${message}`);
  }

  #stale(hash: string): Authentication | undefined {
    const { clock, onOutcome } = this.#options;
    const accepted = this.#accepted.get(hash);
    if (accepted === undefined || clock.now() - accepted.reviewedMs >= this.#limits.staleMs) return undefined;
    if (accepted.answer.expiresAtMs <= clock.wallTime()) return undefined;
    onOutcome?.("remembered, unavailable", undefined);
    return accepted.answer;
  }

  #refuse(reason: RefusalReason, outcome: TokenOutcome): Authentication {
    this.#options.onOutcome?.(outcome, reason);
    return { kind: "refused", reason };
  }
}
