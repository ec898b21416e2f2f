import { writeSync } from "node:fs";
import { systemClock } from "../platform/clock.ts";
import { onCrash } from "../platform/crash.ts";
import { descriptorSink } from "../platform/descriptor-sink.ts";
import { onTermination } from "../platform/signals.ts";
import { messageOf } from "../resources/error-message.ts";
import { LineBuffer } from "../telemetry/line-buffer.ts";
import { Logger } from "../telemetry/logger.ts";
import type { CommandContext, ExitCode } from "./command.ts";
import type { DrainableProxy, Output } from "./running-proxy.ts";

/** What a command runs until it is told to stop. */
export interface RunningProcess {
  /** What the log says when it can't run. */
  readonly failure: string;
  readonly create: (output: Output) => DrainableProxy;
}

/** Runs a proxy or a controller until it is told to stop. */
export async function runProcess(
  { failure, create }: RunningProcess,
  context: CommandContext,
): Promise<ExitCode> {
  using _ = reportCrashes(context);
  const logLines = new LineBuffer(descriptorSink(2));
  const accessLines = new LineBuffer(descriptorSink(1));
  const logger = new Logger({
    ...context.log,
    write: (line) => logLines.write(line),
    now: systemClock.wallTime,
  });
  try {
    return await serve(create({ logger, accessLines }));
  } catch (error) {
    logger.error(failure, { error: messageOf(error) });
    return 1;
  } finally {
    await Promise.all([logLines.drained(), accessLines.drained()]);
  }
}

async function serve(proxy: DrainableProxy): Promise<ExitCode> {
  const aborted = Promise.withResolvers<ExitCode>();
  using _ = onTermination(
    () => proxy.drain(),
    () => aborted.resolve(1),
  );
  const ended = proxy.drained.then((isDrained): ExitCode => (isDrained ? 0 : 1));
  const started = proxy.start();
  // Told to stop, it does so even while it starts.
  const code = await Promise.race([started.then(() => ended), ended, aborted.promise]);
  started.catch(() => undefined);
  await Promise.race([proxy[Symbol.asyncDispose](), aborted.promise]);
  return code;
}

/** A defect that nobody caught ends the process, and its log says why. */
function reportCrashes({ log }: CommandContext): Disposable {
  // The process ends before anything could be written later.
  const logger = new Logger({
    ...log,
    write: (line) => void writeSync(2, line),
    now: systemClock.wallTime,
  });
  return onCrash((error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error("crashed by a defect", { error: text });
  });
}
