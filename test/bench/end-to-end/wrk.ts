import { outputOf } from "./children.ts";

/** What one run of wrk says. Latencies in microseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Load {
  readonly port: number;
  /** What is asked for, unless a script says so. */
  readonly path: string;
  /** A file of Lua that makes the requests. */
  readonly script?: string;
  readonly connections: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** Loads 127.0.0.1 by wrk in a closed loop, one thread; fails where an answer is no 2xx or a connection breaks. */
export async function runWrk({ port, path, script, connections, seconds, cpu }: Load): Promise<LoadResult> {
  const output = await outputOf({
    name: "wrk",
    command: "wrk",
    args: [
      "--threads=1",
      "--latency",
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      ...(script === undefined ? [] : [`--script=${script}`]),
      `http://127.0.0.1:${port}${path}`,
    ],
    cpu,
  });
  return readWrk(output);
}

/** The figures in what wrk prints; fails where it tells of errors, or of nothing. */
export function readWrk(output: string): LoadResult {
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`the load met errors:\n${output}`);
  const [, requests = "", time = ""] = /(\d+) requests in ([\d.]+\w+)/.exec(output) ?? [];
  return {
    requests: Number(requests),
    requestsPerSecond: Number(requests) / (microsecondsOf(time) / 1e6),
    p50Us: microsecondsOf(/ 50% +([\d.]+\w+)/.exec(output)?.[1] ?? ""),
    p99Us: microsecondsOf(/ 99% +([\d.]+\w+)/.exec(output)?.[1] ?? ""),
  };
}

function microsecondsOf(time: string): number {
  const [, figure = "", unit = ""] = /^([\d.]+)(us|ms|s|m)$/.exec(time) ?? [];
  const factor = { us: 1, ms: 1e3, s: 1e6, m: 60e6 }[unit];
  if (factor === undefined) throw new Error(`wrk said ${JSON.stringify(time)} for a time`);
  return Number(figure) * factor;
}
