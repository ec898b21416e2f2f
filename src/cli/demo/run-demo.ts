import { rmSync } from "node:fs";
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../platform/clock.ts";
import type { CommandContext, ExitCode } from "../command.ts";
import { type Display, lineDisplay, liveDisplay, paintFor, printTable } from "./display.ts";
import { EditedFolder } from "./edited-folder.ts";
import { portsInUse } from "./free-ports.ts";
import { startLoad } from "./load.ts";
import { startPods } from "./pods.ts";
import { EXAMPLE_PORT_BASE, EXAMPLE_PORT_COUNT, movePorts, pods } from "./shop.ts";
import { Sidecar } from "./sidecar.ts";
import { onStopSignals } from "./stop-signals.ts";
import { Traffic } from "./traffic.ts";
import type { View } from "./view.ts";

export interface DemoSettings {
  /** The folder of manifests. */
  readonly examples: string;
  readonly portBase: number;
  /** Whether to print one table and end. */
  readonly isOnce: boolean;
}

/** How often the table is drawn and the folder is looked at. */
const TICK_MS = 200;

/** Long enough for the shares to say something. */
const ONCE_MS = 2_500;

/** Runs the shop, the sidecar and the traffic between them until it is told to stop. */
export async function runDemo(settings: DemoSettings, context: CommandContext): Promise<ExitCode> {
  const refusal = await refusalOf(settings);
  if (refusal !== undefined) {
    context.writeError(`eastbound demo: ${refusal}\n`);
    return 1;
  }
  const stopping = new AbortController();
  const aborted = Promise.withResolvers<ExitCode>();
  using _ = onStopSignals({
    stop: () => stopping.abort(),
    stopAtOnce: () => aborted.resolve(1),
    now: systemClock.now,
  });
  return await Promise.race([new Demo(settings, context).run(stopping.signal), aborted.promise]);
}

/** Why the demo can't run here. */
async function refusalOf({ examples, portBase }: DemoSettings): Promise<string | undefined> {
  if (!(await isFolder(examples))) {
    return `there is no folder ${examples}; run it in a checkout of Eastbound, or name the folder with --examples`;
  }
  const busy = await portsInUse(Array.from({ length: EXAMPLE_PORT_COUNT }, (_, offset) => portBase + offset));
  return busy.length === 0 ? undefined : describeBusyPorts(busy, portBase);
}

function describeBusyPorts(busy: readonly number[], portBase: number): string {
  const more = busy.length > 3 ? ` and ${busy.length - 3} more` : "";
  const which = busy.length === 1 ? `port ${busy[0]} is` : `ports ${busy.slice(0, 3).join(", ")}${more} are`;
  // The pods are part of the demo's own process: where they are gone and the sidecar is there, nobody ended it.
  const isLeftBehind =
    busy.includes(portBase) && !pods.some((pod) => busy.includes(portBase + pod.portOffset));
  return [
    `${which} in use on 127.0.0.1; to take ports N to N+${EXAMPLE_PORT_COUNT - 1} instead, add --port-base N:`,
    `  npm start -- --port-base ${portBase === 28_000 ? 30_000 : 28_000}`,
    ...(isLeftBehind
      ? [
          "A sidecar that a demo left behind when it was killed is ended by:",
          `  curl -X POST 127.0.0.1:${portBase}/drain`,
        ]
      : []),
  ].join("\n");
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

class Demo {
  readonly #settings: DemoSettings;
  readonly #context: CommandContext;
  readonly #traffic: Traffic;
  readonly #events: string[] = [];
  #startedMs = 0;

  constructor(settings: DemoSettings, context: CommandContext) {
    this.#settings = settings;
    this.#context = context;
    this.#traffic = new Traffic(settings.portBase, systemClock.now);
  }

  async run(stop: AbortSignal): Promise<ExitCode> {
    const { portBase, isOnce } = this.#settings;
    await using resources = new AsyncDisposableStack();
    const { folder, manifests } = await this.#openFolder(resources);
    resources.use(await startPods(portBase, (arrival) => this.#traffic.arrived(arrival)));
    const sidecar = this.#startSidecar(manifests, resources);
    if (!(await sidecar.serves())) return await this.#fail(sidecar);
    resources.use(startLoad(portBase, (example, location) => this.#traffic.redirected(example, location)));
    this.#startedMs = systemClock.now();
    const display = isOnce ? undefined : this.#openDisplay(resources);
    while (!stop.aborted && sidecar.isRunning) {
      for (const { file, kind } of await folder.look()) this.#note(`You: ${kind} ${file}`);
      const view = await this.#view(sidecar);
      display?.show(view);
      if (isOnce && view.elapsedMs >= ONCE_MS) {
        printTable(process.stdout, view, this.#paint);
        return 0;
      }
      await pause(TICK_MS, stop);
    }
    display?.[Symbol.dispose]();
    if (stop.aborted) {
      this.#context.writeOut("Ends once the sidecar is idle; Ctrl-C again ends at once.\n");
      return 0;
    }
    return await this.#fail(sidecar);
  }

  /** The folder that the user edits, and where the sidecar reads it: in place, unless the ports have to be others. */
  async #openFolder(resources: AsyncDisposableStack) {
    const { examples, portBase } = this.#settings;
    if (portBase === EXAMPLE_PORT_BASE) {
      const folder = new EditedFolder(examples);
      await folder.look();
      return { folder, manifests: examples };
    }
    const copy = await mkdtemp(join(tmpdir(), "eastbound-demo-"));
    onExit(resources, () => rmSync(copy, { recursive: true, force: true }));
    const folder = new EditedFolder(examples, { folder: copy, rewrite: (text) => movePorts(text, portBase) });
    await folder.look();
    return { folder, manifests: copy };
  }

  #startSidecar(manifests: string, resources: AsyncDisposableStack): Sidecar {
    const sidecar = new Sidecar({
      program: process.argv[1] ?? "",
      manifests,
      adminPort: this.#settings.portBase,
      environment: this.#context.environment,
      onRequest: (line) => this.#note(this.#traffic.answered(line)),
    });
    onExit(resources, () => sidecar.kill());
    resources.defer(() => sidecar.drain());
    return sidecar;
  }

  #openDisplay(resources: AsyncDisposableStack): Display {
    const display = process.stdout.isTTY
      ? liveDisplay(process.stdout, this.#paint)
      : lineDisplay(process.stdout);
    onExit(resources, () => display[Symbol.dispose]());
    return display;
  }

  get #paint() {
    return paintFor(process.stdout, this.#context.environment["NO_COLOR"]);
  }

  #note(event: string | undefined): void {
    if (event === undefined) return;
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  async #view(sidecar: Sidecar): Promise<View> {
    const { portBase, examples } = this.#settings;
    return {
      elapsedMs: systemClock.now() - this.#startedMs,
      portBase,
      folder: examples,
      examples: this.#traffic.examples(),
      problems: await sidecar.problems(),
      events: this.#events,
    };
  }

  async #fail(sidecar: Sidecar): Promise<ExitCode> {
    this.#context.writeError(`eastbound demo: the sidecar ended: ${await sidecar.ended}\n`);
    return 1;
  }
}

const MAX_EVENTS = 10;

/** Cleans up when the resources are disposed, and also where the process ends before that. */
function onExit(resources: AsyncDisposableStack, clean: () => void): void {
  process.once("exit", clean);
  resources.defer(() => {
    process.off("exit", clean);
    clean();
  });
}

/** Ends early at the signal. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener("abort", end);
  });
}
