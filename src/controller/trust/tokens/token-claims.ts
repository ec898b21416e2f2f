/**
 * What a token says of itself. Nobody has checked its signature: it may lead to a refusal and bound how long an answer is
 * kept, never to trust.
 */
export interface TokenClaims {
  readonly audiences: readonly string[];
  /** Milliseconds since 1970; undefined: it doesn't say. */
  readonly expiresMs: number | undefined;
  /** How long it is good for from when it was made, in ms; undefined: it doesn't say. */
  readonly lifeMs: number | undefined;
}

/** Tokens of ServiceAccounts have about 1 KB. */
const longestToken = 16_384;

/** The claims of a JWT (RFC 7519); undefined: it is none. */
export function readClaims(token: string): TokenClaims | undefined {
  if (token.length > longestToken) return undefined;
  const parts = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token);
  if (parts === null) return undefined;
  const claims = parseJson(Buffer.from(parts[1] ?? "", "base64url").toString());
  if (typeof claims !== "object" || claims === null) return undefined;
  const { aud, exp, iat } = claims as {
    readonly aud?: unknown;
    readonly exp?: unknown;
    readonly iat?: unknown;
  };
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === "string");
  const expiresMs = msOf(exp);
  const issuedMs = msOf(iat);
  const isLife = expiresMs !== undefined && issuedMs !== undefined;
  return { audiences, expiresMs, lifeMs: isLife ? expiresMs - issuedMs : undefined };
}

function msOf(seconds: unknown): number | undefined {
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
