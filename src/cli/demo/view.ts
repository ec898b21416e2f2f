import type { Observation } from "./observation.ts";
import type { ExampleRequest } from "./shop.ts";

/** What the demo shows at one moment. */
export interface View {
  /** Since the sidecar began to serve. */
  readonly elapsedMs: number;
  readonly portBase: number;
  /** The folder of the manifests, as the user named it. */
  readonly folder: string;
  readonly examples: readonly ViewedExample[];
  /** Everything that is not in force as written, a line each. */
  readonly problems: readonly string[];
  /** The last things that the user did: edits and requests, the latest last. */
  readonly events: readonly string[];
}

export interface ViewedExample {
  readonly request: ExampleRequest;
  /** Undefined where nothing was answered lately. */
  readonly observation: Observation | undefined;
  /** Where the last redirect pointed, without scheme and host. */
  readonly location: string | undefined;
  /** What the pod was asked for last, where it is not what the client asked for. */
  readonly rewrittenPath: string | undefined;
}
