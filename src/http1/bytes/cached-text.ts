import { latin1TextAt } from "./latin1.ts";

/** Longer texts are made anew each time, so that a peer can't make them be compared at length. */
const LONGEST = 256;

/**
 * Turns bytes into a string, each byte a character, and gives the string made before where the bytes are the same:
 * clients ask for the same few paths and hosts again and again.
 */
export class CachedText {
  private text = "";

  read(buffer: Buffer, start: number, end: number): string {
    const text = this.text;
    if (isTextAt(text, buffer, start, end)) return text;
    const fresh = latin1TextAt(buffer, start, end);
    if (fresh.length <= LONGEST) this.text = fresh;
    return fresh;
  }
}

/** Whether each byte from `start` to `end` is the character of `text` at its place. */
export function isTextAt(text: string, buffer: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) !== buffer[start + i]) return false;
  }
  return true;
}
