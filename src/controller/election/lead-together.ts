/** A part of the leader's work: lasts until `signal` aborts and is over when it resolves. */
export type LeadersPart = (signal: AbortSignal, mayWrite: () => boolean) => Promise<void>;

/**
 * Does all parts as one work. When one fails, the others are told to end, and it is over when all are: the Lease must not
 * be given back while any of them still writes. Rejects with the first failure.
 */
export async function leadTogether(
  parts: readonly LeadersPart[],
  signal: AbortSignal,
  mayWrite: () => boolean,
): Promise<void> {
  const abort = new AbortController();
  const end = (): void => abort.abort();
  if (signal.aborted) end();
  else signal.addEventListener("abort", end);
  const isAllowed = (): boolean => !abort.signal.aborted && mayWrite();
  const failures: unknown[] = [];
  const works = parts.map(async (part) => {
    try {
      await part(abort.signal, isAllowed);
    } catch (error) {
      failures.push(error);
      end();
    }
  });
  await Promise.all(works);
  signal.removeEventListener("abort", end);
  if (failures.length > 0) throw failures[0];
}
