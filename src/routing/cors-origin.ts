/** An entry of `allowOrigins` other than `*`. */
export interface OriginPattern {
  readonly scheme: string;
  /** A host that began with `*` matches by what follows it, which may be nothing. */
  readonly isSuffix: boolean;
  readonly host: string;
  readonly port: string;
}

export interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

/**
 * `scheme://host[:port]`, compared without case and with the scheme's port filled in; undefined for `null` and such.
 */
export function parseOrigin(text: string): Origin | undefined {
  const parts = /^(https?):\/\/(\[[^\]/]+\]|[^:/[\]]+)(?::([0-9]{1,5}))?$/i.exec(text);
  const scheme = parts?.[1]?.toLowerCase();
  const host = parts?.[2]?.toLowerCase();
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: parts?.[3] ?? (scheme === "https" ? "443" : "80") };
}

/** A list for `flatMap`: empty where the entry is no origin, which then matches nothing. */
export function compileOrigin(text: string): readonly OriginPattern[] {
  const origin = parseOrigin(text);
  if (origin === undefined) return [];
  const isSuffix = origin.host.startsWith("*");
  return [{ ...origin, isSuffix, host: isSuffix ? origin.host.slice(1) : origin.host }];
}

/** `*` stands for at least one character, and for any number of labels. */
export function matchesOrigin(pattern: OriginPattern, origin: Origin): boolean {
  if (pattern.scheme !== origin.scheme || pattern.port !== origin.port) return false;
  if (!pattern.isSuffix) return pattern.host === origin.host;
  return origin.host.length > pattern.host.length && origin.host.endsWith(pattern.host);
}
