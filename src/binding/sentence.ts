import { MAX_MESSAGE_LENGTH } from "./route-status.ts";

const LISTED = 10;

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** Sentences as one message of bounded length: the first ten, and how many are left out. */
export function joinSentences(sentences: readonly string[]): string {
  const text = sentences.slice(0, LISTED).join(" ");
  const more = sentences.length > LISTED ? ` And ${sentences.length - LISTED} more.` : "";
  const room = MAX_MESSAGE_LENGTH - more.length;
  // A pair of surrogates cut in two would not be text any more.
  return (text.length > room ? `${text.slice(0, room - 1).toWellFormed()}…` : text) + more;
}
