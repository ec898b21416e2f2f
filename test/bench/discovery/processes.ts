/** What the processes of the benchmark tell each other. Times are microseconds since 1970. */
export type ToServer = { readonly kind: "change"; readonly seconds: number } | { readonly kind: "stop" };

export type FromServer =
  | { readonly kind: "listening"; readonly port: number }
  | {
      readonly kind: "changed";
      /** When each version came to the control plane. */
      readonly published: readonly (readonly [version: string, at: number])[];
      readonly cpuSeconds: number;
      readonly wallSeconds: number;
      readonly rssMegabytes: number;
      readonly pushes: number;
      readonly longestTurnMs: number;
      /** From listening till all sidecars knew all. */
      readonly connectCpuSeconds: number;
    };

export type ToSidecars =
  | {
      readonly kind: "connect";
      readonly port: number;
      readonly ca: string;
      readonly first: number;
      readonly count: number;
    }
  | { readonly kind: "report" };

export type FromSidecars =
  | { readonly kind: "connected" }
  | {
      readonly kind: "received";
      readonly versions: readonly (readonly [version: string, at: number])[];
      readonly bytes: number;
      readonly lost: number;
    };

/** The same clock in all processes of a machine. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
