const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
const NO_TRACE = "0".repeat(32);

/**
 * The trace that a request belongs to, from its `traceparent` field: 32 lower-case hexadecimal digits, or undefined
 * where the field is absent or malformed. What a later version appends is passed over.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (version === "ff" || (version === "00" && more !== undefined) || traceId === NO_TRACE) return undefined;
  return traceId;
}
