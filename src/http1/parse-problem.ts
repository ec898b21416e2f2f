/**
 * Why bytes were refused. The kinds are rows of the proxy's table of failures:
 * `malformed`: 400 to a client, 502 about an upstream; `head-too-large`: 431, 502; `body-malformed`: 400 or, from an
 * upstream, a broken-off response; `unknown-transfer-coding` and `method-not-forwardable`: 501;
 * `unsolicited`: an upstream spoke without being asked; `truncated`: the connection ended inside a message.
 */
export interface ParseProblem {
  readonly kind: ParseProblemKind;
  /** For logs and the `details` of Proxy-Status. Holds no byte of the peer's. */
  readonly message: string;
}

export type ParseProblemKind =
  | "malformed"
  | "head-too-large"
  | "body-malformed"
  | "unknown-transfer-coding"
  | "method-not-forwardable"
  | "unsolicited"
  | "truncated";

export function malformed(message: string): ParseProblem {
  return { kind: "malformed", message };
}

export function headTooLarge(message: string): ParseProblem {
  return { kind: "head-too-large", message };
}

export function bodyMalformed(message: string): ParseProblem {
  return { kind: "body-malformed", message };
}

export const NO_PROBLEM: ParseProblem = malformed("no problem");
