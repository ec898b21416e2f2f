import type { ControllerClock } from "../clock.ts";
import type { ControllerLog } from "../controller-log.ts";
import { CONTROLLER_NAME } from "../controller-name.ts";
import type { MeshAnswer, MeshList, MeshPort } from "./mesh-port.ts";
import type { ObservedMesh } from "./observed-mesh.ts";
import { planMesh } from "./plan-mesh.ts";
import { timestamp } from "./timestamp.ts";

export interface MeshObjectOptions {
  readonly api: MeshPort;
  readonly clock: ControllerClock;
  /** From 0 up to but not 1. */
  readonly random: () => number;
  readonly log: ControllerLog;
  /** Where the controllers run. */
  readonly namespace: string;
  /** The object of our name belongs to another controller: called once for each such object; must not throw. */
  readonly onTaken?: (mesh: ObservedMesh) => void;
}

/** Of the object that the leader makes. */
const MESH_NAME = "eastbound";

/** A CRD that is installed, or an object that somebody makes, is noticed this late at most. */
const LOOK_MS = 30_000;

/** Looks right after a change of our own, or when somebody came in between. */
const ROUNDS = 4;

/**
 * Keeps the XMesh objects: makes ours if its CRD is installed, and gives a status to every one that bears our
 * controller's name. Those of others are left alone, even one that has our object's name.
 */
export class MeshObject {
  readonly #options: MeshObjectOptions;
  #wake: (() => void) | undefined;
  #isAsked = false;
  #takenUid = "";

  constructor(options: MeshObjectOptions) {
    this.#options = options;
  }

  /** Looks at once, or once more where a look is under way: for whoever knows that something changed. */
  look(): void {
    this.#isAsked = true;
    this.#wake?.();
  }

  /** Until the signal. `mayWrite` is asked right before each write. */
  async run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    while (!signal.aborted) {
      this.#isAsked = false;
      let rounds = ROUNDS;
      while (rounds-- > 0 && (await this.#keep(signal, mayWrite)) === "look again");
      await this.#pause(signal);
    }
  }

  /** One look, and what follows from it. */
  async #keep(signal: AbortSignal, mayWrite: () => boolean): Promise<"settled" | "look again"> {
    const { api, clock, namespace } = this.#options;
    const list = await asFailure<MeshList>(() => api.list(signal));
    if (list.kind === "failed") this.#warn(list.message, signal);
    if (list.kind !== "meshes") return "settled";
    const writes: (() => Promise<MeshAnswer>)[] = [];
    const named = list.meshes.find(({ name }) => name === MESH_NAME);
    if (named === undefined) writes.push(() => api.create(MESH_NAME, signal));
    else if (named.controllerName !== CONTROLLER_NAME) this.#taken(named);
    for (const mesh of list.meshes) {
      if (mesh.controllerName !== CONTROLLER_NAME) continue;
      const operations = planMesh(mesh, { namespace, now: timestamp(clock.wallTime()) });
      if (operations.length > 0) writes.push(() => api.patch(mesh.name, operations, signal));
    }
    for (const write of writes) {
      if (signal.aborted || !mayWrite()) return "settled";
      const answer = await asFailure(write);
      if (answer.kind === "failed") {
        this.#warn(answer.message, signal);
        return "settled";
      }
    }
    return writes.length === 0 ? "settled" : "look again";
  }

  #taken(mesh: ObservedMesh): void {
    if (mesh.uid === this.#takenUid) return;
    this.#takenUid = mesh.uid;
    const { name, controllerName } = mesh;
    this.#options.log.warn("the XMesh of our name belongs to another controller", { name, controllerName });
    this.#options.onTaken?.(mesh);
  }

  #warn(error: string, signal: AbortSignal): void {
    if (!signal.aborted) this.#options.log.limited("warn", "can't keep the XMesh", error, { error });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isAsked) return;
    const { clock, random } = this.#options;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.stop();
        signal.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = clock.startTimer(wake, LOOK_MS * (0.75 + random() / 4));
      signal.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }
}

async function asFailure<A>(call: () => Promise<A>): Promise<A | { kind: "failed"; message: string }> {
  try {
    return await call();
  } catch (error) {
    return { kind: "failed", message: String(error) };
  }
}
