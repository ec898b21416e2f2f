import type { EventAnswer, EventPort } from "./event-port.ts";
import type { Happening } from "./happening.ts";

/**
 * Adds `times` to the Event of a happening. One that is known counts on; one that is not is made, unless another
 * replica, or this one before it was started anew, has made it already. Two that count at the same moment may lose a
 * time, which does no harm.
 */
export async function writeHappening(
  api: EventPort,
  happening: Happening,
  times: number,
  signal: AbortSignal,
): Promise<EventAnswer> {
  const { namespace, name, at, regarding } = happening;
  const count = (before: number): Promise<EventAnswer> =>
    api.update({ namespace, name, count: before + times, at }, signal);
  if (happening.count > 0) {
    const counted = await count(happening.count);
    if (counted.kind !== "gone") return counted;
  }
  const uid = regarding.uid ?? (await api.uidOf(regarding, signal));
  const made = await api.create(happening.toEvent(uid, times), signal);
  if (made.kind !== "exists") return made;
  const there = await api.read(namespace, name, signal);
  return there.kind === "event" ? count(there.count) : there;
}
