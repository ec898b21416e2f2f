/** A service that the load client calls. */
export interface LoadTarget {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
}

/** A request that got no answer, or not the one that it should have. */
export interface LoadFailure {
  readonly id: string;
  /** When it was sent, milliseconds since the epoch. */
  readonly sentAt: number;
  readonly afterMs: number;
  /** As "GET kept", "POST kept" or "GET fresh". */
  readonly way: string;
  readonly what: string;
}

/** What became of the requests to a target since the start. */
export interface TargetReport {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly slowestMs: number;
  /** The first 20. */
  readonly failures: readonly LoadFailure[];
  /** How many answers, by the pod's version and the value of the request field `x-route` that arrived there. */
  readonly answers: Readonly<Record<string, number>>;
}

export type LoadReport = Readonly<Record<string, TargetReport>>;
