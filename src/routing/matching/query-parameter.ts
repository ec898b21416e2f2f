const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;

/**
 * Where the value of the first parameter of a name begins in a query, or -1. A name counts as sent and as decoded.
 * One pass, and nothing allocated unless a name is encoded.
 */
export function findParameter(query: string, name: string): number {
  let start = 0;
  let nameEnd = -1;
  let isEncoded = false;
  for (let index = 0; index <= query.length; index += 1) {
    const code = index === query.length ? AMPERSAND : query.charCodeAt(index);
    if (code === AMPERSAND) {
      const end = nameEnd < 0 ? index : nameEnd;
      if (isName(query, start, end, isEncoded, name)) return nameEnd < 0 ? index : nameEnd + 1;
      start = index + 1;
      nameEnd = -1;
      isEncoded = false;
    } else if (nameEnd < 0) {
      if (code === EQUALS) nameEnd = index;
      else if (code === PERCENT || code === PLUS) isEncoded = true;
    }
  }
  return -1;
}

/** The value that begins at `start`, as sent. */
export function parameterValue(query: string, start: number): string {
  const end = query.indexOf("&", start);
  return end < 0 ? query.slice(start) : query.slice(start, end);
}

/** Whether the value that begins at `start` is `value`, as sent or decoded. */
export function isParameterValue(query: string, start: number, value: string): boolean {
  if (query.startsWith(value, start)) {
    const end = start + value.length;
    if (end === query.length || query.charCodeAt(end) === AMPERSAND) return true;
  }
  const sent = parameterValue(query, start);
  return isEncodedText(sent) && decodeParameter(sent) === value;
}

/**
 * Decodes as browsers encode the parameters of a URL (https://url.spec.whatwg.org/#urlencoded-parsing): `+` is a
 * space, `%XX` a byte of UTF-8; what is no valid escape stays.
 */
export function decodeParameter(text: string): string {
  return text.replaceAll("+", " ").replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeEscapes);
}

function isName(query: string, start: number, end: number, isEncoded: boolean, name: string): boolean {
  if (end - start === name.length && query.startsWith(name, start)) return true;
  return isEncoded && decodeParameter(query.slice(start, end)) === name;
}

export function isEncodedText(text: string): boolean {
  return text.includes("%") || text.includes("+");
}

function decodeEscapes(escapes: string): string {
  return Buffer.from(escapes.replaceAll("%", ""), "hex").toString("utf8");
}
