import { TOKEN } from "./byte-classes.ts";

/**
 * The fields that a proxy must understand, by number. Those below 32 have a bit in the writers' masks.
 */
export const KnownField = {
  Other: 0,
  Host: 1,
  ContentLength: 2,
  TransferEncoding: 3,
  Connection: 4,
  KeepAlive: 5,
  ProxyConnection: 6,
  Te: 7,
  Upgrade: 8,
  Http2Settings: 9,
  Expect: 10,
  Trailer: 11,
  Authorization: 12,
  WwwAuthenticate: 13,
  ProxyAuthorization: 14,
  ProxyAuthenticate: 15,
  Cookie: 16,
  SetCookie: 17,
  ContentType: 18,
  ContentEncoding: 19,
  ContentRange: 20,
  Date: 21,
  /** A field that the Connection field of the same head names: not forwarded (RFC 9110 7.6.1). */
  ConnectionNamed: 31,
  /** Fields that control caching, conditions, routing and the like; told apart only to keep them out of trailers. */
  Control: 32,
} as const;

export type KnownField = (typeof KnownField)[keyof typeof KnownField];

const NAMES: readonly (readonly [string, KnownField])[] = [
  ["host", KnownField.Host],
  ["content-length", KnownField.ContentLength],
  ["transfer-encoding", KnownField.TransferEncoding],
  ["connection", KnownField.Connection],
  ["keep-alive", KnownField.KeepAlive],
  ["proxy-connection", KnownField.ProxyConnection],
  ["te", KnownField.Te],
  ["upgrade", KnownField.Upgrade],
  ["http2-settings", KnownField.Http2Settings],
  ["expect", KnownField.Expect],
  ["trailer", KnownField.Trailer],
  ["authorization", KnownField.Authorization],
  ["www-authenticate", KnownField.WwwAuthenticate],
  ["proxy-authorization", KnownField.ProxyAuthorization],
  ["proxy-authenticate", KnownField.ProxyAuthenticate],
  ["cookie", KnownField.Cookie],
  ["set-cookie", KnownField.SetCookie],
  ["content-type", KnownField.ContentType],
  ["content-encoding", KnownField.ContentEncoding],
  ["content-range", KnownField.ContentRange],
  ["date", KnownField.Date],
  ["age", KnownField.Control],
  ["cache-control", KnownField.Control],
  ["expires", KnownField.Control],
  ["forwarded", KnownField.Control],
  ["if-match", KnownField.Control],
  ["if-modified-since", KnownField.Control],
  ["if-none-match", KnownField.Control],
  ["if-range", KnownField.Control],
  ["if-unmodified-since", KnownField.Control],
  ["location", KnownField.Control],
  ["max-forwards", KnownField.Control],
  ["pragma", KnownField.Control],
  ["range", KnownField.Control],
  ["retry-after", KnownField.Control],
  ["vary", KnownField.Control],
  ["warning", KnownField.Control],
  ["x-forwarded-for", KnownField.Control],
  ["x-forwarded-host", KnownField.Control],
  ["x-forwarded-proto", KnownField.Control],
];

const SLOTS = 256;
const LONGEST = Math.max(...NAMES.map(([name]) => name.length));

/** Open addressing: a slot holds an entry's place in NAMES plus one. */
const SLOT_ENTRY = new Uint8Array(SLOTS);
const ENTRY_ID = new Uint8Array(NAMES.length + 1);
const ENTRY_LENGTH = new Uint8Array(NAMES.length + 1);
const ENTRY_BYTES = new Uint8Array((NAMES.length + 1) * LONGEST);

NAMES.forEach(([name, id], index) => {
  const entry = index + 1;
  let slot = slotOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1));
  while (SLOT_ENTRY[slot] !== 0) slot = (slot + 1) % SLOTS;
  SLOT_ENTRY[slot] = entry;
  ENTRY_ID[entry] = id;
  ENTRY_LENGTH[entry] = name.length;
  for (let i = 0; i < name.length; i++) ENTRY_BYTES[entry * LONGEST + i] = name.charCodeAt(i);
});

/** Length and both ends of a name; enough to tell the known ones apart but for a few. */
function slotOf(length: number, first: number, last: number): number {
  return (length * 11 + first * 7 + last * 29) & (SLOTS - 1);
}

/** The number of the field whose name, in any case, lies between `start` and `end`; the name must not be empty. */
export function knownFieldAt(buffer: Buffer, start: number, end: number): KnownField {
  const length = end - start;
  if (length > LONGEST) return KnownField.Other;
  let slot = slotOf(
    length,
    TOKEN[buffer[start] as number] as number,
    TOKEN[buffer[end - 1] as number] as number,
  );
  for (;;) {
    const entry = SLOT_ENTRY[slot] as number;
    if (entry === 0) return KnownField.Other;
    if (ENTRY_LENGTH[entry] === length && isEntryAt(entry, buffer, start, length)) {
      return ENTRY_ID[entry] as KnownField;
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
}

function isEntryAt(entry: number, buffer: Buffer, start: number, length: number): boolean {
  const offset = entry * LONGEST;
  for (let i = 0; i < length; i++) {
    if (TOKEN[buffer[start + i] as number] !== ENTRY_BYTES[offset + i]) return false;
  }
  return true;
}

/** Every known name in lower case with its number. */
export function knownFieldNames(): readonly (readonly [string, KnownField])[] {
  return NAMES;
}

/** The bits of fields that never leave this hop (RFC 9110 7.6.1), whatever the message. */
export const HOP_BY_HOP_MASK =
  bit(KnownField.Connection) |
  bit(KnownField.KeepAlive) |
  bit(KnownField.ProxyConnection) |
  bit(KnownField.Te) |
  bit(KnownField.Upgrade) |
  bit(KnownField.Http2Settings) |
  bit(KnownField.ConnectionNamed);

/**
 * The bits of fields that Connection must not name: they are meant for every recipient, and dropping them would
 * change where a message ends, where it goes or who sent it.
 */
export const NEVER_CONNECTION_NAMED_MASK =
  bit(KnownField.Host) |
  bit(KnownField.ContentLength) |
  bit(KnownField.TransferEncoding) |
  bit(KnownField.Expect) |
  bit(KnownField.Authorization) |
  bit(KnownField.WwwAuthenticate) |
  bit(KnownField.Cookie) |
  bit(KnownField.SetCookie) |
  bit(KnownField.ContentType) |
  bit(KnownField.ContentEncoding) |
  bit(KnownField.ContentRange) |
  bit(KnownField.Date);

/** The bit of a field below 32 in a mask. */
export function bit(id: number): number {
  return 1 << id;
}
