/** What tells of exceptions that nobody caught, and can end the process: `process`, or a stand-in. */
export interface CrashSource {
  on(event: "uncaughtException", listener: (error: unknown) => void): unknown;
  off(event: "uncaughtException", listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Ends the process with code 1 after `report` when an exception or a rejection was caught by nobody, until disposed:
 * that is a defect, and what state it leaves nobody knows. `report` has to write at once, not some time later.
 */
export function onCrash(report: (error: unknown) => void, source: CrashSource = process): Disposable {
  const crash = (error: unknown): void => {
    try {
      report(error);
    } finally {
      source.exit(1);
    }
  };
  source.on("uncaughtException", crash);
  return { [Symbol.dispose]: () => source.off("uncaughtException", crash) };
}
