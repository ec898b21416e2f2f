/** What signals of termination come through: `process`, or a stand-in. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
}

/**
 * Runs `drain` at the first SIGTERM or SIGINT and `abort` at each later one, whichever of the two it is, until
 * disposed.
 */
export function onTermination(
  drain: () => void,
  abort: () => void,
  source: SignalSource = process,
): Disposable {
  let isDraining = false;
  const onSignal = (): void => {
    if (isDraining) {
      abort();
    } else {
      isDraining = true;
      drain();
    }
  };
  source.on("SIGTERM", onSignal);
  source.on("SIGINT", onSignal);
  return {
    [Symbol.dispose]: () => {
      source.off("SIGTERM", onSignal);
      source.off("SIGINT", onSignal);
    },
  };
}
