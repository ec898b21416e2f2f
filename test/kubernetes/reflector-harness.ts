import type { ObjectChange } from "../../src/kubernetes/held-objects.ts";
import { type ReflectorOptions, startReflector } from "../../src/kubernetes/reflector.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { ScriptedApi, settled, type WatchCall } from "./scripted-api.ts";

/** What `read` keeps in tests: the field `value`, or the name of what has none. */
function readValue(raw: unknown): string | undefined {
  const { value, metadata } = raw as { value?: string; metadata: { name: string } };
  if (value === "throw") throw new Error("can't read this");
  return value === "ignore" ? undefined : (value ?? metadata.name);
}

/** A change as `+key=object` or `-key`. */
function shown(change: ObjectChange<string>): string {
  return change.kind === "upsert" ? `+${change.key}=${change.object}` : `-${change.key}`;
}

/** Everything that a reflector stands on and speaks to, in the test's hands. */
export class Surroundings {
  readonly api = new ScriptedApi();
  readonly clock = new ManualClock();
  /** Batches of changes since the last look, each change as `+key=object` or `-key`. */
  readonly batches: string[][] = [];
  readonly log: { readonly level: string; readonly message: string; readonly fields: object }[] = [];
  readonly states: string[] = [];
  /** What `random` yields. */
  random = 0.5;

  readonly base = {
    api: this.api,
    clock: this.clock,
    random: (): number => this.random,
    read: readValue,
    onChanges: (changes: readonly ObjectChange<string>[]): void => {
      this.batches.push(changes.map(shown));
    },
    onState: (state: string): void => {
      this.states.push(state);
    },
    log: {
      info: (message: string, fields = {}): void => this.#note("info", message, fields),
      warn: (message: string, fields = {}): void => this.#note("warn", message, fields),
      error: (message: string, fields = {}): void => this.#note("error", message, fields),
    },
  };

  /** The batches since the last call. */
  takeBatches(): readonly string[][] {
    return this.batches.splice(0);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  #note(level: string, message: string, fields: object): void {
    this.log.push({ level, message, fields });
  }
}

/** A reflector of Services that has just begun. */
export class Scene extends Surroundings {
  readonly reflector;

  constructor(more: Partial<ReflectorOptions<string>> = {}) {
    super();
    const resource = { group: "", version: "v1", plural: "services" };
    this.reflector = startReflector<string>({ ...this.base, resource, ...more });
  }

  /** One that has listed these objects at version 10 and watches from there. */
  static async watching(
    objects: readonly object[] = [],
    more: Partial<ReflectorOptions<string>> = {},
  ): Promise<{ readonly scene: Scene; readonly watch: WatchCall }> {
    const scene = new Scene(more);
    const list = scene.api.nextList();
    list.items(...objects);
    await list.end("10");
    scene.takeBatches();
    return { scene, watch: scene.api.nextWatch() };
  }
}
