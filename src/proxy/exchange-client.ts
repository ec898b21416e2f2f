import type { Http1Upstream } from "./http1-upstream.ts";
import type { Wire } from "./wire.ts";

/** The client's side of an exchange. */
export interface ExchangeClient {
  readonly wire: Wire;
  /** The connection may serve another request after this one. */
  readonly canKeepAlive: boolean;
  /** When the first byte of the request under way was read, in monotonic ms. */
  readonly requestBeganMs: number;
  /** Whom session affinity binds. */
  readonly address: string;
  /** A connection that the client authenticated, kept for this client alone. */
  pinned: Http1Upstream | undefined;
  /** Makes the request head outlive the read it came with. */
  retainHead(): void;
  /** No more of the request until `releaseRequest`, since the endpoint is slow to take it. */
  holdRequest(upstream: Http1Upstream): void;
  releaseRequest(): void;
  /** Sends what was appended of the response. */
  flushResponse(): void;
  /** The exchange is over and its response appended. */
  exchangeEnded(keepsAlive: boolean): void;
  /**
   * The exchange is over, and its response will never be complete: the connection ends.
   * @param mustReset nothing but a reset tells the client that something is missing
   */
  breakOff(mustReset: boolean): void;
  /** Both sides are byte streams from now on. */
  becomeTunnel(upstream: Http1Upstream, onEnd: () => void): void;
}
