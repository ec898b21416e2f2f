/** What the API server says of a token, in the terms of an authentication.k8s.io/v1 TokenReview. */
export type ReviewAnswer =
  | {
      readonly kind: "reviewed";
      readonly isAuthenticated: boolean;
      /** Those of the asked audiences that the token is for. */
      readonly audiences: readonly string[];
      readonly username: string;
      readonly extra: Readonly<Record<string, readonly string[]>>;
    }
  /** The API server can't be asked now. */
  | { readonly kind: "failed"; readonly message: string };

/** Asks the API server whether a token is good for an audience. Never rejects, and ends within seconds. */
export type TokenReviewPort = (token: string, audience: string) => Promise<ReviewAnswer>;
