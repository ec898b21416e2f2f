import type { AccessLine } from "./access-line.ts";
import { type Answer, type Arrival, observe } from "./observation.ts";
import type { PodArrival } from "./pods.ts";
import { Recent } from "./recent.ts";
import { type ExampleRequest, exampleRequests } from "./shop.ts";
import type { ViewedExample } from "./view.ts";

const WINDOW_MS = 2_000;

/** What is known of the requests that went through the sidecar lately. */
export class Traffic {
  readonly #base: number;
  readonly #now: () => number;
  readonly #answers = new Recent<Answer>(WINDOW_MS);
  readonly #arrivals = new Recent<Arrival>(WINDOW_MS);
  readonly #locations = new Map<string, string>();

  /** @param now monotonic milliseconds */
  constructor(base: number, now: () => number) {
    this.#base = base;
    this.#now = now;
  }

  /** Takes note of a line of the access log. Returns what to say of a request that the user sent. */
  answered(line: AccessLine): string | undefined {
    const example = exampleRequests.find(
      ({ portOffset, path }) =>
        line.path === path && line.service.endsWith(`:${this.#base + portOffset}`) && line.method === "GET",
    );
    if (example !== undefined) this.#answers.add(example.path, this.#now(), line.answer);
    return example?.service === line.host ? undefined : describeRequest(line);
  }

  arrived({ pod, example, path }: PodArrival): void {
    const endpoint = `127.0.0.1:${this.#base + pod.portOffset}`;
    this.#arrivals.add(example, this.#now(), { backend: pod.name.replace(/-[a-z]$/, ""), endpoint, path });
  }

  redirected(example: string, location: string): void {
    this.#locations.set(example, location.replace(/^https?:\/\/[^/]*/, ""));
  }

  examples(): readonly ViewedExample[] {
    return exampleRequests.map((request) => this.#example(request));
  }

  #example(request: ExampleRequest): ViewedExample {
    const now = this.#now();
    const arrivals = this.#arrivals.of(request.path, now);
    const lastPath = arrivals.at(-1)?.path;
    return {
      request,
      observation: observe(this.#answers.of(request.path, now), arrivals),
      location: this.#locations.get(request.path),
      rewrittenPath: lastPath === request.path ? undefined : lastPath,
    };
  }
}

function describeRequest({ method, host, path, answer }: AccessLine): string {
  const { backend, status, failure, rule } = answer;
  const who = backend ?? "the sidecar";
  const why = failure ?? rule ?? "no rule";
  return `You: ${method} ${host}${path} got ${status} from ${who} (${why})`;
}
