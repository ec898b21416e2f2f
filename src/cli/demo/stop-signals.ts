const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** npm passes Ctrl-C on to what the terminal gave it to already: so soon after the first it is the same one. */
const SAME_SIGNAL_MS = 300;

/** What signals come through: `process`, or a stand-in. */
export interface StopSignalSource {
  on(signal: (typeof SIGNALS)[number], listener: () => void): unknown;
  off(signal: (typeof SIGNALS)[number], listener: () => void): unknown;
}

export interface StopSignalOptions {
  readonly stop: () => void;
  /** At every later one. */
  readonly stopAtOnce: () => void;
  readonly now: () => number;
  readonly source?: StopSignalSource;
}

/** Listens for Ctrl-C and the like until it is disposed. */
export function onStopSignals({ stop, stopAtOnce, now, source = process }: StopSignalOptions): Disposable {
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const timeMs = now();
    if (firstMs === undefined) {
      firstMs = timeMs;
      stop();
    } else if (timeMs - firstMs > SAME_SIGNAL_MS) {
      stopAtOnce();
    }
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
  return {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) source.off(signal, onSignal);
    },
  };
}
