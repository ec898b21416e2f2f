import type { Http1Upstream } from "./http1-upstream.ts";
import type { Wire } from "./wire.ts";

/** The client's side of an exchange. */
export interface ExchangeClient {
  readonly wire: Wire;
  /** The connection may serve another request after this one. */
  readonly canKeepAlive: boolean;
  /** Whom session affinity binds. */
  readonly address: string;
  /** A connection that the client authenticated, kept for this client alone. */
  pinned: Http1Upstream | undefined;
  /** Makes the request head outlive the read it came with. */
  retainHead(): void;
  /** No more of the request until `releaseRequest`. */
  holdRequest(): void;
  releaseRequest(): void;
  /** The exchange is over and its response written. */
  exchangeEnded(keepsAlive: boolean): void;
  /** Both sides are byte streams from now on. */
  becomeTunnel(upstream: Http1Upstream, onEnd: () => void): void;
}
