/** An IP address in its one canonical form: dotted decimal, or RFC 5952 for IPv6. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly address: string;
}

/**
 * Reads an IPv4 address (four decimal parts, no leading zeros) or an IPv6 address (RFC 4291 section 2.2, no zone).
 * An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) is that IPv4 address, as sockets of both families report it.
 * Undefined for everything else.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    return parseIPv4(text) === undefined ? undefined : { family: 4, address: text };
  }
  const groups = parseIPv6(text);
  if (groups === undefined) return undefined;
  return isMapped(groups)
    ? {
        family: 4,
        address: groups
          .slice(6)
          .flatMap((group) => [group >> 8, group & 0xff])
          .join("."),
      }
    : { family: 6, address: formatIPv6(groups) };
}

const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

function parseIPv4(text: string): readonly number[] | undefined {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts : undefined;
}

const GROUP_COUNT = 8;
const GROUP = /^[0-9a-f]{1,4}$/i;

function parseIPv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => parseGroups(half));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === GROUP_COUNT ? head : undefined;
  if (tail === undefined || head.length + tail.length >= GROUP_COUNT) return undefined;
  // A dotted IPv4 part may only end the address.
  if (halves[0]?.includes(".") === true) return undefined;
  return [...head, ...Array<number>(GROUP_COUNT - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const last = index === parts.length - 1 ? parseIPv4(part) : undefined;
      if (last === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = last;
      groups.push((a << 8) | b, (c << 8) | d);
    }
  }
  return groups;
}

/** RFC 4291 section 2.5.5.2. */
function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
}

/** RFC 5952 section 4: lower case, no leading zeros, the first longest run of at least two zero groups shortened. */
function formatIPv6(groups: readonly number[]): string {
  const run = longestZeroRun(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}

/** `host:port`, an IPv6 address in brackets (RFC 3986 section 3.2). */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
