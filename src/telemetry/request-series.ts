import type { Histogram } from "./histogram-family.ts";
import type { ProxyMetrics, RequestLabels } from "./proxy-metrics.ts";
import type { Counter } from "./scalar-family.ts";

const NOT_GRPC = -1;
const LAST_GRPC_STATUS = 16;

interface CodeCounter {
  readonly code: number;
  readonly grpcStatus: number;
  readonly counter: Counter;
}

/**
 * What is counted for requests of one Service port, rule and backend: to be made when a frontend is compiled and kept
 * with the rule. Looks nothing up on the hot path as long as the codes are those that were seen before.
 */
export class RequestSeries {
  readonly #metrics: ProxyMetrics;
  readonly #labels: RequestLabels;
  readonly #duration: Histogram;
  readonly #seen: CodeCounter[] = [];
  #last: CodeCounter | undefined;

  constructor(metrics: ProxyMetrics, labels: RequestLabels) {
    this.#metrics = metrics;
    this.#labels = labels;
    this.#duration = metrics.requestDuration.with(labels);
  }

  /**
   * Counts a request that ended. `code` is the status that the client got, 0 if none; `grpcStatus` 0 to 16, or
   * undefined if the exchange was not gRPC. Other numbers are counted as `other`, so that a backend can't make up
   * series.
   */
  record(code: number, grpcStatus: number | undefined, seconds: number): void {
    this.#duration.observe(seconds);
    const status = grpcStatus ?? NOT_GRPC;
    const last = this.#last;
    if (last !== undefined && last.code === code && last.grpcStatus === status) last.counter.add(1);
    else this.#find(code, status).counter.add(1);
  }

  #find(code: number, grpcStatus: number): CodeCounter {
    const knownCode = code === 0 || (code >= 100 && code <= 599) ? code : OTHER;
    const knownStatus = grpcStatus >= NOT_GRPC && grpcStatus <= LAST_GRPC_STATUS ? grpcStatus : OTHER;
    let found = this.#seen.find((each) => each.code === knownCode && each.grpcStatus === knownStatus);
    if (found === undefined) {
      const labels = { ...this.#labels, code: codeText(knownCode), grpc_status: grpcText(knownStatus) };
      found = { code: knownCode, grpcStatus: knownStatus, counter: this.#metrics.requests.with(labels) };
      this.#seen.push(found);
    }
    this.#last = found;
    return found;
  }
}

const OTHER = 1_000;

function codeText(code: number): string {
  return code === OTHER ? "other" : String(code);
}

function grpcText(status: number): string {
  if (status === NOT_GRPC) return "";
  return status === OTHER ? "other" : String(status);
}
