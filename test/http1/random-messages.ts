import type { Dice } from "../support/dice.ts";

type Choices = readonly [string, ...string[]];

/** One in this many choices is one that no sane peer makes. */
const ODDITY = 80;

const METHODS: Choices = [
  "GET",
  "GET",
  "POST",
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "DELETE",
  "PATCH",
  "QUERY",
  "PROPFIND",
];
const ODD_METHODS: Choices = [
  "get",
  "FOO",
  "M-SEARCH",
  "PRI",
  "CONNECT",
  "",
  "G\0ET",
  "GET\t",
  "G,ET",
  "VERSION-CONTROL-X",
];
const TARGETS: Choices = [
  "/",
  "/a/b?x=1",
  "/a%20b",
  "/?",
  "/a?b?c/d",
  "/|{}",
  "http://h.example/x?y",
  "http://h",
  "http://[::1]:80?q",
];
const ODD_TARGETS: Choices = [
  "*",
  "HTTP://H:80/",
  "http://u@h/",
  "https://h/",
  "a",
  "",
  "/a#b",
  "/\x80",
  "/a b",
  "http:///",
  "http://:1/",
  "/\x7f",
  "h:80",
];
const ODD_VERSIONS: Choices = [
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1.1 ",
  "",
  "HTTP/1.10",
  "HTTP/11",
  "HTTP/01.1",
  "HTTP/0.9",
];
const ODD_ENDS: Choices = ["\n", "\r", "\r\r\n", "\r\n ", "\0\r\n", "\n\r", "\r\n\r\n", "\t\r\n"];
const ODD_COLONS: Choices = [" : ", "\t:", ":", "", ";", "=", ":\0", ":\r\n "];
const HOSTS: Choices = ["h", "cart.shop.svc:8080", "[::1]:80", "10.0.0.1", "", "h_1"];
const ODD_HOSTS: Choices = ["a b", "h/", "u@h", "h:x", "h,i", "[::1", "h%2", "\xe9"];
const FIELD_NAMES: Choices = [
  "accept",
  "x-a",
  "X-B",
  "user-agent",
  "cookie",
  "set-cookie",
  "content-type",
  "__proto__",
  "constructor",
  "!#$%&'*+-.^_`|~",
  "connection",
  "connection",
  "upgrade",
  "te",
  "expect",
  "keep-alive",
  "proxy-connection",
  "http2-settings",
  "authorization",
  "trailer",
  "www-authenticate",
  "date",
];
const FIELD_VALUES: Choices = [
  "1",
  "",
  "a, b",
  "close",
  "keep-alive",
  "upgrade",
  "websocket",
  "trailers",
  "100-continue",
  "timeout=5",
  "x-a",
  "te, close",
  "  padded\t",
  "\xe9\xff",
  "h2c",
  "Negotiate abc",
  "x".repeat(300),
  "keep-alive, x-b, upgrade",
  "a\tb",
];
const ODD_FIELD_VALUES: Choices = [
  "\0",
  "\x01",
  "a\rb",
  "a\nb",
  "\x7f",
  "content-length",
  "host",
  "transfer-encoding, close",
  "\x1b",
];
const ODD_NAMES: Choices = ["", " a", "a b", "a\0", "\xe9", "a\t", "(a)", "a[]", '"a"'];
const LENGTHS: Choices = [
  "",
  "+",
  "-",
  "0x",
  "00",
  "1, ",
  "5, 5",
  " ",
  "1_",
  "9007199254740993",
  "18446744073709551617",
  "5;",
  "5 5",
];
const CODINGS: Choices = ["chunked", "chunked", "chunked", "Chunked", "chunked ", "\tchunked"];
const ODD_CODINGS: Choices = [
  "gzip, chunked",
  "chunked, chunked",
  "chunked, gzip",
  ",chunked",
  "chunked,",
  "xchunked",
  "chunked;a=b",
  "identity",
  "",
  "\x0bchunked",
  "chunked\0",
  "chunked, identity",
  '"chunked"',
  "gzip",
];
const EXTENSIONS: Choices = ["", "", "", "", "", ";a", ";a=b", ';a="b c"', ';a="\\"";b', ";a=b;c=d"];
const ODD_EXTENSIONS: Choices = [
  " ",
  " ;a",
  ";",
  ";a=",
  ';a="',
  ";a\r",
  ";a\n",
  ";\0",
  "; a",
  ";a =b",
  "a",
  ';a="b"c',
  `;${"x".repeat(255)}`,
  `;${"x".repeat(256)}`,
];
const ODD_SIZES: Choices = [
  "",
  "0x5",
  "+5",
  "-1",
  "g",
  "5 ",
  "00000000000000005",
  "ffffffffffffffff",
  "10000000000000000",
  "20000000000000",
  "1fffffffffffff",
  "\x005",
];
const STATUSES: Choices = [
  "200",
  "200",
  "200",
  "201",
  "204",
  "304",
  "404",
  "503",
  "205",
  "100",
  "103",
  "999",
];
const ODD_STATUSES: Choices = ["", "20", "2000", "099", "000", "2x0", "-20", "+20", "101", " 200", "20\0"];
const REASONS: Choices = [" OK", " OK", " ", "", " Not \xe9 Found", " a\tb"];
const ODD_REASONS: Choices = [" \0", " a\rb", "OK", " \x7f", "\t", "  OK"];
const BODIES: Choices = [
  "",
  "a",
  "hello",
  "\r\n",
  "0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "\0\xff\x80",
  "x".repeat(1000),
];
const ODD_BYTES: Choices = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0",
  "\x80",
  "\xff",
  "a",
  "/",
  "?",
  "#",
  "\x0b",
  "\x7f",
  '"',
];

function pick(dice: Dice, usual: Choices, odd: Choices): string {
  return dice.isOneIn(ODDITY) ? dice.of(odd) : dice.of(usual);
}

function lineEnd(dice: Dice): string {
  return dice.isOneIn(ODDITY * 4) ? dice.of(ODD_ENDS) : "\r\n";
}

function recased(dice: Dice, name: string): string {
  if (dice.isOneIn(2)) return name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return dice.isOneIn(4) ? name.toUpperCase() : name;
}

function field(dice: Dice, name: string, value: string): string {
  const colon = dice.isOneIn(ODDITY * 4) ? dice.of(ODD_COLONS) : dice.of([": ", ": ", ":", ":  ", ":\t"]);
  return `${recased(dice, name)}${colon}${value}${lineEnd(dice)}`;
}

function fields(dice: Dice, most: number): string {
  return dice
    .list(most, () =>
      field(dice, pick(dice, FIELD_NAMES, ODD_NAMES), pick(dice, FIELD_VALUES, ODD_FIELD_VALUES)),
    )
    .join("");
}

function chunks(dice: Dice, body: string): string {
  let text = "";
  let at = 0;
  while (at < body.length) {
    const size = 1 + dice.below(body.length - at);
    text += chunk(dice, body.slice(at, at + size));
    at += size;
  }
  const zeros = dice.isOneIn(5) ? "000" : "0";
  const trailers = dice.isOneIn(3) ? fields(dice, 3) : "";
  return `${text}${zeros}${pick(dice, EXTENSIONS, ODD_EXTENSIONS)}${lineEnd(dice)}${trailers}${lineEnd(dice)}`;
}

function chunk(dice: Dice, data: string): string {
  const digits = data.length.toString(16);
  const size = dice.isOneIn(ODDITY)
    ? dice.of(ODD_SIZES)
    : dice.of([digits, digits.toUpperCase(), digits.padStart(8, "0")]);
  return `${size}${pick(dice, EXTENSIONS, ODD_EXTENSIONS)}${lineEnd(dice)}${data}${lineEnd(dice)}`;
}

/** Framing fields with the body that belongs to them, mostly. */
function framed(dice: Dice, chance: number): { fields: string; body: string } {
  const body = dice.of(BODIES);
  if (!dice.isOneIn(chance)) return { fields: "", body: "" };
  if (dice.isOneIn(ODDITY)) {
    return {
      fields:
        field(dice, "content-length", String(body.length)) + field(dice, "transfer-encoding", "chunked"),
      body: chunks(dice, body),
    };
  }
  if (dice.isOneIn(2)) {
    return {
      fields: field(dice, "transfer-encoding", pick(dice, CODINGS, ODD_CODINGS)),
      body: chunks(dice, body),
    };
  }
  const length = dice.isOneIn(ODDITY) ? `${dice.of(LENGTHS)}${body.length}` : String(body.length);
  const line = field(dice, "content-length", length);
  return { fields: dice.isOneIn(ODDITY) ? line + line : line, body };
}

function shuffledLines(dice: Dice, ...lines: readonly string[]): string {
  return dice.shuffled(lines).join("");
}

function request(dice: Dice): string {
  const space = dice.isOneIn(ODDITY * 4) ? dice.of(["  ", "\t", ""]) : " ";
  const version = dice.isOneIn(8) ? "HTTP/1.0" : dice.isOneIn(ODDITY) ? dice.of(ODD_VERSIONS) : "HTTP/1.1";
  const line = `${pick(dice, METHODS, ODD_METHODS)}${space}${pick(dice, TARGETS, ODD_TARGETS)} ${version}${lineEnd(dice)}`;
  const host = dice.isOneIn(ODDITY) ? "" : field(dice, "host", pick(dice, HOSTS, ODD_HOSTS));
  const again = dice.isOneIn(ODDITY * 2) ? host : "";
  const body = framed(dice, 2);
  const emptyLine = dice.isOneIn(20) ? "\r\n" : "";
  return `${emptyLine}${line}${shuffledLines(dice, host, again, fields(dice, 4), body.fields)}${lineEnd(dice)}${body.body}`;
}

function response(dice: Dice, status: string): string {
  const version = dice.isOneIn(8) ? "HTTP/1.0" : dice.isOneIn(ODDITY) ? dice.of(ODD_VERSIONS) : "HTTP/1.1";
  const line = `${version} ${status}${pick(dice, REASONS, ODD_REASONS)}${lineEnd(dice)}`;
  const body = status.startsWith("1") ? { fields: "", body: "" } : framed(dice, 1);
  return `${line}${shuffledLines(dice, fields(dice, 4), body.fields)}${lineEnd(dice)}${body.body}`;
}

/** Some bytes changed, left out, doubled or put in. */
function mutated(dice: Dice, text: string): string {
  let result = text;
  for (let count = 1 + dice.below(3); count > 0; count--) {
    const at = dice.below(result.length + 1);
    const length = dice.below(dice.isOneIn(4) ? 30 : 3);
    const from = dice.below(result.length + 1);
    const insert = dice.isOneIn(4) ? result.slice(from, from + length) : dice.of(ODD_BYTES);
    result = result.slice(0, at) + insert + result.slice(at + (dice.isOneIn(2) ? length : 0));
  }
  return result;
}

function maybeMutated(dice: Dice, text: string): string {
  return dice.isOneIn(3) ? mutated(dice, text) : text;
}

/** What a client might send on one connection, from sane to hostile; each character a byte. */
export function randomRequests(dice: Dice): string {
  return maybeMutated(dice, Array.from({ length: 1 + dice.below(3) }, () => request(dice)).join(""));
}

/** What a server might answer to one request, interim responses included, from sane to hostile. */
export function randomResponses(dice: Dice): string {
  const interim = dice.list(dice.isOneIn(4) ? 2 : 0, () =>
    response(dice, dice.of(["100", "103", "102", "199"])),
  );
  return maybeMutated(dice, interim.join("") + response(dice, pick(dice, STATUSES, ODD_STATUSES)));
}

/** Places to cut a text into reads. */
export function randomCuts(dice: Dice, length: number): number[] {
  return dice.list(dice.isOneIn(4) ? length : 6, () => dice.below(length + 1));
}
