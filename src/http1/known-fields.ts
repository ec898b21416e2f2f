import { TOKEN } from "./bytes/byte-classes.ts";

/**
 * The fields that say something to a proxy, by number; each has a bit in the writers' masks. Kept few, since every
 * field of every head is looked up.
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
  Authorization: 11,
  WwwAuthenticate: 12,
  /** A field that the Connection field of the same head names: not forwarded (RFC 9110 7.6.1). */
  ConnectionNamed: 13,
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
  ["authorization", KnownField.Authorization],
  ["www-authenticate", KnownField.WwwAuthenticate],
];

/**
 * What Connection must not name, in lower case: fields meant for every recipient. To drop one would change where the
 * message ends, where it goes, who sent it or how it is understood.
 */
export const NEVER_CONNECTION_NAMED: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "host",
  "set-cookie",
  "transfer-encoding",
  "www-authenticate",
]);

/**
 * What is not passed on in trailers, in lower case (RFC 9110 6.5.1): framing, routing, authentication, content,
 * control.
 */
export const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...NAMES.map(([name]) => name),
  ...NEVER_CONNECTION_NAMED,
  "age",
  "cache-control",
  "expires",
  "forwarded",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "location",
  "max-forwards",
  "pragma",
  "proxy-authenticate",
  "proxy-authorization",
  "range",
  "retry-after",
  "trailer",
  "vary",
  "warning",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

const SLOTS = 64;
const LONGEST = Math.max(...NAMES.map(([name]) => name.length));

/** By the first byte of a name in lower case, a bit for each length of a known name: turns most others away. */
const LENGTHS = new Int32Array(256);
/** Open addressing: a slot holds an entry's place in NAMES plus one. */
const SLOT_ENTRY = new Uint8Array(SLOTS);
const ENTRY_ID = new Uint8Array(NAMES.length + 1);
const ENTRY_LENGTH = new Uint8Array(NAMES.length + 1);
const ENTRY_BYTES = new Uint8Array((NAMES.length + 1) * LONGEST);

NAMES.forEach(([name, id], index) => {
  const entry = index + 1;
  LENGTHS[name.charCodeAt(0)] = (LENGTHS[name.charCodeAt(0)] ?? 0) | bit(name.length);
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
  const first = TOKEN[buffer[start] as number] as number;
  if (length > LONGEST || ((LENGTHS[first] as number) & bit(length)) === 0) return KnownField.Other;
  let slot = slotOf(length, first, TOKEN[buffer[end - 1] as number] as number);
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

/** The bit of a field in a mask. */
export function bit(id: number): number {
  return 1 << id;
}
