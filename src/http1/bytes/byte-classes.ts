/** The bytes that HTTP/1.1 gives a meaning to. */
export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

const TOKEN_MARKS = "!#$%&'*+-.^_`|~";
const REG_NAME_MARKS = "-._~!$&'()*+,;=";

/** The lower-case form of a `tchar` (RFC 9110 5.6.2), 0 for every other byte. */
export const TOKEN = new Uint8Array(256);

/**
 * 1 for what a field value or a reason phrase may hold (RFC 9110 5.5): HTAB, SP, VCHAR, obs-text. No other controls.
 */
export const FIELD_VALUE = new Uint8Array(256);

/**
 * 1 for what a request target may hold, 2 for `?`, 0 for the rest: visible ASCII without `#`, which no target may
 * carry (RFC 9112 3.2). Characters that URIs must escape but clients send as they are, like `|`, are let through.
 */
export const TARGET = new Uint8Array(256);

/** 1 for what a registered name may hold beside `%` (RFC 3986 3.2.2): unreserved characters and sub-delims. */
export const REG_NAME = new Uint8Array(256);

/** The value of a hexadecimal digit plus one, 0 for every other byte. */
export const HEX = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(byte);
  const isAlphanumeric = /[0-9A-Za-z]/.test(character);
  const isVisible = byte > SP && byte < 0x7f;
  if (isAlphanumeric || TOKEN_MARKS.includes(character)) TOKEN[byte] = character.toLowerCase().charCodeAt(0);
  if (byte === HTAB || byte === SP || isVisible || byte >= 0x80) FIELD_VALUE[byte] = 1;
  if (isVisible && character !== "#") TARGET[byte] = character === "?" ? 2 : 1;
  if (isAlphanumeric || REG_NAME_MARKS.includes(character)) REG_NAME[byte] = 1;
  if (/[0-9A-Fa-f]/.test(character)) HEX[byte] = Number.parseInt(character, 16) + 1;
}

/** Whether the bytes from `start` to `end` are `lowerCase`, whatever their case. */
export function equalsIgnoringCase(buffer: Buffer, start: number, end: number, lowerCase: string): boolean {
  if (end - start !== lowerCase.length) return false;
  for (let i = 0; i < lowerCase.length; i++) {
    if (TOKEN[buffer[start + i] as number] !== lowerCase.charCodeAt(i)) return false;
  }
  return true;
}
