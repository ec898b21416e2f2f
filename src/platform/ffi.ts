import type * as ffi from "node:ffi";

/**
 * Loads node:ffi without its notice of being experimental, and no other warning is lost: nothing else runs between.
 * @throws an Error where this Node has none
 */
export function loadFfi(): typeof ffi {
  const warnings = { value: process.emitWarning.bind(process), configurable: true, writable: true };
  Object.defineProperty(process, "emitWarning", { ...warnings, value: () => undefined });
  try {
    const loaded = process.getBuiltinModule("node:ffi");
    if (loaded === undefined) throw new Error("this Node has none");
    return loaded;
  } finally {
    Object.defineProperty(process, "emitWarning", warnings);
  }
}
