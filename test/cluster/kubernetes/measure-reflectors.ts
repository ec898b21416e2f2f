// A process of its own, with --expose-gc: node --expose-gc measure-reflectors.ts KUBECONFIG
// Follows everything that the mesh reads, and prints what that takes as JSON.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { isDeepStrictEqual } from "node:util";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { loadKubeConfig } from "../../../src/kubernetes/kube-config.ts";
import { apiResource, MESH_RESOURCES, meshReader } from "../../../src/kubernetes/mesh-reader.ts";
import { type Reflector, startReflector } from "../../../src/kubernetes/reflector.ts";
import type { WatchApi } from "../../../src/kubernetes/watch-api.ts";
import { systemClock } from "../../../src/platform/clock.ts";

/** Sizes in MB. */
export interface Phase {
  readonly milliseconds: number;
  /** heapUsed and external at the worst moment seen. */
  readonly peak: number;
  readonly peakRss: number;
  /** heapUsed and external after a collection. */
  readonly after: number;
  /** The longest turn of the event loop. */
  readonly turnMs: number;
  /** What `onChanges` got. */
  readonly changes: number;
}

export interface ReflectorMeasurement {
  /** heapUsed and external after a collection, before anything was asked. */
  readonly before: number;
  readonly objects: Readonly<Record<string, number>>;
  readonly sync: Phase;
  /** Every list again, as after a version that is too old. */
  readonly listAgain: Phase;
}

const MB = 1024 * 1024;
const SAMPLE_MS = 10;

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MB;
}

function collected(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return used();
}

let changes = 0;

async function phase(run: () => Promise<unknown>): Promise<Phase> {
  const start = performance.now();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let peak = 0;
  let peakRss = 0;
  changes = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, used());
    peakRss = Math.max(peakRss, process.memoryUsage.rss() / MB);
  }, SAMPLE_MS);
  delay.enable();
  await run();
  delay.disable();
  clearInterval(timer);
  const milliseconds = performance.now() - start;
  return { milliseconds, peak, peakRss, after: collected(), turnMs: delay.max / 1e6, changes };
}

/** An API whose watches can be ended as too old. */
function expirable(api: WatchApi): { readonly api: WatchApi; readonly expire: () => void } {
  const watches = new Set<() => void>();
  return {
    api: {
      list: (request, onItem, signal) => api.list(request, onItem, signal),
      watch: async (request, observer, signal) => {
        const ended = new AbortController();
        const end = (): void => ended.abort(new ApiError("too old", { status: 410, reason: "Expired" }));
        watches.add(end);
        try {
          await api.watch(request, observer, AbortSignal.any([signal, ended.signal]));
        } catch (error) {
          throw ended.signal.aborted ? ended.signal.reason : error;
        } finally {
          watches.delete(end);
        }
      },
    },
    expire: () => {
      for (const end of watches) end();
    },
  };
}

const { api, expire } = expirable(createWatchApi(loadKubeConfig(process.argv[2])));
const reflectors = new Map<string, Reflector>();
const before = collected();

const sync = await phase(async () => {
  for (const resource of MESH_RESOURCES.filter(({ isCustom }) => !isCustom)) {
    const reflector = startReflector({
      resource: apiResource(resource),
      read: meshReader(resource),
      isSame: isDeepStrictEqual,
      onChanges: (batch) => {
        changes += batch.length;
      },
      api,
      clock: systemClock,
      random: Math.random,
      log: { info: () => {}, warn: report, error: report },
    });
    reflectors.set(resource.kind, reflector);
  }
  await Promise.all([...reflectors.values()].map(({ synced }) => synced));
});

const listAgain = await phase(async () => {
  expire();
  const isListed = ({ statistics }: Reflector): boolean => statistics.lists.expired === 1;
  while (![...reflectors.values()].every(isListed)) await new Promise((resolve) => setTimeout(resolve, 5));
});

function report(message: string, fields: object = {}): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

const objects = Object.fromEntries(
  [...reflectors].map(([kind, { statistics }]) => [kind, statistics.objects]),
);
const measurement: ReflectorMeasurement = { before, objects, sync, listAgain };
process.stdout.write(JSON.stringify(measurement));
await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
