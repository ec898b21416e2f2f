import { loadFfi } from "./ffi.ts";
import { ipv4Text, ipv6Text } from "./ip-text.ts";

/** Where a connection was going before iptables redirected it. */
export type OriginalDestination =
  /**
   * `address` in canonical form, as a socket's localAddress has it. A connection that was dialled to the listener
   * itself has the listener's address here: who redirects must refuse it, or it would go round for ever.
   */
  | { readonly kind: "found"; readonly address: string; readonly port: number }
  /** The kernel knows of no translation: the connection was not redirected, or its entry is gone. */
  | { readonly kind: "not-redirected" }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Asks the kernel for the original destination of an accepted connection, given its file descriptor and its family: 4
 * also for an IPv4 client of an IPv6 listener (remoteAddress `::ffff:10.0.0.1`). About 2 µs.
 */
export type ReadOriginalDestination = (fd: number, family: 4 | 6) => OriginalDestination;

export type OriginalDestinationSupport =
  | { readonly kind: "available"; readonly read: ReadOriginalDestination }
  | { readonly kind: "unavailable"; readonly message: string };

// linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h and netinet/in.h
const SOL_IP = 0;
const SOL_IPV6 = 41;
const SO_ORIGINAL_DST = 80;
const SOCKADDR_IN6_BYTES = 28;
const PORT_OFFSET = 2;
const IPV4_OFFSET = 4;
const IPV6_OFFSET = 8;

const ENOENT = 2;

/**
 * Loads what the kernel is asked with: libc's getsockopt through node:ffi, so that no compiler is needed. Linux only.
 */
export function loadOriginalDestination(platform: string = process.platform): OriginalDestinationSupport {
  if (platform !== "linux") {
    return {
      kind: "unavailable",
      message: `redirected connections are a matter of Linux, not of ${platform}`,
    };
  }
  const { library, message } = openLibc();
  return library === undefined
    ? { kind: "unavailable", message: `needs the module node:ffi of Node: ${message}` }
    : { kind: "available", read: createReader(library) };
}

interface Libc {
  readonly getsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    length: Uint32Array,
  ) => number;
  /** The error of this thread's last call that failed. */
  readonly errno: () => number;
}

function openLibc(): { readonly library?: Libc; readonly message: string } {
  try {
    const { dlopen, getInt32 } = loadFfi();
    const { lib } = dlopen(null);
    const getsockopt = lib.getFunction("getsockopt", {
      arguments: ["i32", "i32", "i32", "pointer", "pointer"],
      return: "i32",
    });
    // glibc and musl both keep errno there; the place is the thread's own and does not move.
    const place = lib.getFunction("__errno_location", { arguments: [], return: "pointer" })();
    return { library: { getsockopt, errno: () => getInt32(place) }, message: "" };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

function createReader({ getsockopt, errno }: Libc): ReadOriginalDestination {
  const address = Buffer.alloc(SOCKADDR_IN6_BYTES);
  const length = new Uint32Array(1);
  return (fd, family) => {
    const isIPv6 = family === 6;
    length[0] = SOCKADDR_IN6_BYTES;
    if (getsockopt(fd, isIPv6 ? SOL_IPV6 : SOL_IP, SO_ORIGINAL_DST, address, length) !== 0) {
      const code = errno();
      return code === ENOENT
        ? { kind: "not-redirected" }
        : { kind: "failed", message: `getsockopt(SO_ORIGINAL_DST) failed with errno ${code}` };
    }
    return {
      kind: "found",
      address: isIPv6 ? ipv6Text(address, IPV6_OFFSET) : ipv4Text(address, IPV4_OFFSET),
      port: address.readUInt16BE(PORT_OFFSET),
    };
  };
}
