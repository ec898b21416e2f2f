/** How a request ended, as the sidecar's access log tells it. */
export interface Answer {
  /** The Service whose pod answered; undefined where the sidecar did. */
  readonly backend: string | undefined;
  /** `IP:port` of the pod that was asked last. */
  readonly endpoint: string | undefined;
  /** `route/rule`; undefined where no rule was in force, or none matched. */
  readonly rule: string | undefined;
  readonly status: number;
  /** The kind of failure that the sidecar answered for. */
  readonly failure: string | undefined;
  readonly tries: number;
  readonly durationMs: number;
}

/** A request that reached a pod: one that it answered, a try that was not the last, or a copy. */
export interface Arrival {
  /** The Service that the pod is of. */
  readonly backend: string;
  readonly endpoint: string;
  readonly path: string;
}

/** Answers of one kind. */
export interface Share {
  readonly backend: string | undefined;
  readonly status: number;
  readonly failure: string | undefined;
  /** Of 1. */
  readonly share: number;
  readonly medianMs: number;
}

/** Copies of requests for one Service, in relation to the answers. */
export interface CopyShare {
  readonly backend: string;
  readonly share: number;
}

/** What became of one example's requests. */
export interface Observation {
  readonly rule: string | undefined;
  /** Answers of pods first, by the name of their Service; then the sidecar's own. */
  readonly shares: readonly Share[];
  readonly copies: readonly CopyShare[];
  readonly triesPerRequest: number;
}

/** Undefined where nothing was answered. */
export function observe(answers: readonly Answer[], arrivals: readonly Arrival[]): Observation | undefined {
  const last = answers.at(-1);
  if (last === undefined) return undefined;
  const tries = answers.reduce((sum, answer) => sum + answer.tries, 0);
  return {
    rule: last.rule,
    shares: sharesOf(answers),
    copies: copiesOf(answers, arrivals),
    triesPerRequest: tries / answers.length,
  };
}

function sharesOf(answers: readonly Answer[]): readonly Share[] {
  const kinds = Map.groupBy(answers, ({ backend, status, failure }) => `${backend} ${status} ${failure}`);
  const shares = [...kinds.values()].flatMap((same) =>
    same.slice(0, 1).map(({ backend, status, failure }) => ({
      backend,
      status,
      failure,
      share: same.length / answers.length,
      medianMs: medianOf(same.map(({ durationMs }) => durationMs)),
    })),
  );
  return shares.sort((a, b) => compareBackends(a.backend, b.backend) || a.status - b.status);
}

function compareBackends(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a < b ? -1 : 1;
}

/** What reached pods that answered no client is a copy. */
function copiesOf(answers: readonly Answer[], arrivals: readonly Arrival[]): readonly CopyShare[] {
  const answering = new Set(answers.map(({ endpoint }) => endpoint));
  const copies = arrivals.filter(({ endpoint }) => !answering.has(endpoint));
  return [...Map.groupBy(copies, ({ backend }) => backend)]
    .map(([backend, { length }]) => ({ backend, share: Math.min(1, length / answers.length) }))
    .sort((a, b) => compareBackends(a.backend, b.backend));
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
