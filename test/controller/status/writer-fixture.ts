import assert from "node:assert/strict";
import type { RouteStatus } from "../../../src/binding/route-status.ts";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import {
  STATUS_LIMITS,
  type StatusChange,
  type StatusLimits,
  StatusWriter,
} from "../../../src/controller/status/status-writer.ts";
import { ManualControllerClock } from "../manual-clock.ts";
import { FakeApi, type RawRoute } from "./fake-api.ts";
import { routeStatus } from "./statuses.ts";

/** A writer of status on an API server and a clock that are told what to do. */
export class WriterFixture {
  readonly api = new FakeApi();
  readonly clock = new ManualControllerClock();
  readonly results: string[] = [];
  readonly times: number[] = [];
  readonly changes: StatusChange[] = [];
  readonly overwritten: number[] = [];
  readonly logged: string[] = [];
  readonly writer: StatusWriter;
  mayWrite = true;
  onWritten: () => void = () => undefined;
  #leading = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(limits: Partial<StatusLimits> = {}) {
    this.writer = new StatusWriter({
      api: this.api,
      clock: this.clock,
      random: () => 0.5,
      log: {
        info: (message) => this.logged.push(message),
        warn: (message) => this.logged.push(message),
        limited: (_level, message) => this.logged.push(message),
      },
      metrics: {
        wrote: (_kind, result) => this.results.push(result),
        took: (_kind, ms) => this.times.push(ms),
      },
      limits: { ...STATUS_LIMITS, ...limits },
      onWritten: (change) => {
        this.changes.push(change);
        this.onWritten();
      },
      onOverwritten: (_route, repairs) => this.overwritten.push(repairs),
    });
  }

  lead(): void {
    this.#leading = new AbortController();
    this.#done = this.writer.run(this.#leading.signal, () => this.mayWrite);
  }

  async resign(): Promise<void> {
    this.#leading.abort();
    await this.#done;
  }

  /** The watch tells of the route as it is now. */
  watched(name: string): void {
    const raw = this.api.routes.get(`default/${name}`);
    const observed = raw === undefined ? undefined : readObservedRoute(raw, "HTTPRoute");
    this.writer.observe("HTTPRoute", `default/${name}`, observed);
  }

  want(name: string, status: RouteStatus | undefined): void {
    this.writer.want("HTTPRoute", `default/${name}`, status);
  }

  /** Adds a route that names one Service. */
  add(name: string): void {
    this.api.put(name, 1);
    this.watched(name);
    this.want(name, routeStatus({ name, parents: ["a"] }));
  }

  raw(name: string): RawRoute {
    const raw = this.api.routes.get(`default/${name}`);
    assert.ok(raw !== undefined);
    return raw;
  }

  parents(name: string): unknown[] {
    return this.raw(name).status?.parents ?? [];
  }

  isWritten(name: string): boolean {
    return JSON.stringify(this.parents(name)).includes("eastbound.dev/controller");
  }
}
