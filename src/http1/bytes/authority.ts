import { COLON, HEX, REG_NAME } from "./byte-classes.ts";

const PERCENT = 0x25;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Whether the bytes from `start` to `end` are `uri-host [ ":" port ]` as Host carries it (RFC 9110 7.2, RFC 3986
 * 3.2.2). The host may be empty; user information is refused (RFC 9110 4.2.4).
 */
export function isAuthorityAt(buffer: Buffer, start: number, end: number): boolean {
  const hostEnd =
    buffer[start] === OPEN_BRACKET ? skipIpLiteral(buffer, start, end) : skipRegName(buffer, start, end);
  if (hostEnd < 0) return false;
  if (hostEnd === end) return true;
  if (buffer[hostEnd] !== COLON) return false;
  for (let i = hostEnd + 1; i < end; i++) {
    const byte = buffer[i] as number;
    if (byte < ZERO || byte > NINE) return false;
  }
  return true;
}

function skipRegName(buffer: Buffer, start: number, end: number): number {
  let i = start;
  for (;;) {
    while (i < end && REG_NAME[buffer[i] as number] !== 0) i++;
    if (i === end || buffer[i] !== PERCENT) return i;
    if (i + 2 >= end || HEX[buffer[i + 1] as number] === 0 || HEX[buffer[i + 2] as number] === 0) return -1;
    i += 3;
  }
}

/** `[` IPv6 address, with zone if any, or address of a version to come `]`: behind it, or -1. */
function skipIpLiteral(buffer: Buffer, start: number, end: number): number {
  let i = start + 1;
  while (i < end && (REG_NAME[buffer[i] as number] !== 0 || buffer[i] === COLON || buffer[i] === PERCENT))
    i++;
  return i > start + 1 && i < end && buffer[i] === CLOSE_BRACKET ? i + 1 : -1;
}
