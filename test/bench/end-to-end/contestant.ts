import type { Child, Children } from "./children.ts";

/** The request header that every proxy sets on its one route. */
export const SET_HEADER = { name: "x-bench", value: "on" } as const;

/** How long idle connections are kept everywhere: longer than a run. */
export const IDLE_SECONDS = 3_600;

/** What a proxy is started with: one worker on core `cpu`, `folder` is its own and empty. */
export interface Setup {
  readonly children: Children;
  readonly cpu: number;
  readonly folder: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** The one endpoint, on 127.0.0.1. */
  readonly backendPort: number;
}

/** A proxy in the comparison. */
export interface Contestant {
  readonly name: ContestantName;
  version(): Promise<string>;
  /** Returns once it listens: one prefix route `/` that sets a request header, kept-alive connections on both sides. */
  start(setup: Setup): Promise<Child>;
}

export const CONTESTANT_NAMES = ["eastbound", "nginx", "haproxy", "envoy"] as const;
export type ContestantName = (typeof CONTESTANT_NAMES)[number];
