/** What a parser found wrong, and where: `spec.rules[0].matches[2].path.value`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** A parsed value, or every problem that kept it from being one. */
export type Result<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };
