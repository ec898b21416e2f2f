import { loadFfi } from "./ffi.ts";

/**
 * What makes the C library give free memory back to the system, which it does not do by itself for most of it: what
 * V8's compiler threads needed for a moment stays with the process, 10 MB and more after some thousand requests.
 * Takes about a millisecond. Undefined where there is no such function (glibc has it, musl has not).
 *
 * https://man7.org/linux/man-pages/man3/malloc_trim.3.html
 */
export function loadMallocTrim(): (() => void) | undefined {
  try {
    const { lib } = loadFfi().dlopen(null);
    const trim = lib.getFunction("malloc_trim", { arguments: ["u64"], return: "i32" });
    return () => void trim(0n);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
