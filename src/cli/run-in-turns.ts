/** How long a turn of the event loop may go on with work that can wait. */
const TURN_MS = 4;

/** Runs steps to their end, a few milliseconds of them in each turn of the event loop. @param now monotonic ms */
export async function runInTurns<T>(steps: Generator<undefined, T>, now: () => number): Promise<T> {
  let begunMs = now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (now() - begunMs < TURN_MS) continue;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    begunMs = now();
  }
}
