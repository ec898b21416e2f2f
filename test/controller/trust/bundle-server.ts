import {
  BundleDistributor,
  type DistributorOptions,
  type NamespaceState,
} from "../../../src/controller/trust/bundle-distributor.ts";
import type { BundleAnswer, BundleMap, BundlePort } from "../../../src/controller/trust/bundle-port.ts";
import { type SimulatedTime, simulatedClock } from "../../support/simulated-time.ts";
import { quiet } from "../election/simulated-cluster.ts";

/** An API server with namespaces and the ConfigMap of each. Watches tell a little later. */
export class BundleServer implements BundlePort {
  readonly time: SimulatedTime;
  readonly maps = new Map<string, BundleMap>();
  readonly namespaces = new Map<string, NamespaceState>();
  /** What was asked for and carried out: `create shop`. */
  readonly writes: string[] = [];
  /** Says what is wrong with a request, if anything. */
  refuse: (namespace: string) => string | undefined = () => undefined;
  watchMs = 5;
  answerMs = 2;
  readonly #distributors: BundleDistributor[] = [];
  #version = 0;
  #toldMs = 0;

  constructor(time: SimulatedTime) {
    this.time = time;
  }

  /** A replica that watches. */
  distributor(options: Partial<DistributorOptions> = {}): BundleDistributor {
    const created = new BundleDistributor({
      maps: this,
      ownNamespace: "own",
      synced: Promise.resolve(),
      clock: simulatedClock(this.time),
      random: () => 0.5,
      log: quiet,
      ...options,
    });
    this.#distributors.push(created);
    for (const [name, state] of this.namespaces) {
      created.observeNamespaces([{ kind: "upsert", key: `/${name}`, object: state }]);
    }
    for (const [name, map] of this.maps) {
      created.observeMaps([{ kind: "upsert", key: `${name}/eastbound-ca`, object: map }]);
    }
    return created;
  }

  /** Undefined: gone, with all that is in it. */
  setNamespace(name: string, state: NamespaceState | undefined): void {
    if (state === undefined) {
      this.namespaces.delete(name);
      if (this.maps.has(name)) this.setMap(name, undefined);
    } else this.namespaces.set(name, state);
    const key = `/${name}`;
    this.#tell((each) =>
      each.observeNamespaces([
        state === undefined ? { kind: "delete", key } : { kind: "upsert", key, object: state },
      ]),
    );
  }

  setMap(namespace: string, map: Pick<BundleMap, "bundle" | "isOurs"> | undefined): BundleAnswer {
    const key = `${namespace}/eastbound-ca`;
    if (map === undefined) {
      this.maps.delete(namespace);
      this.#tell((each) => each.observeMaps([{ kind: "delete", key }]));
      return { kind: "absent" };
    }
    const version = `${++this.#version}`;
    const uid = this.maps.get(namespace)?.uid ?? version;
    const { bundle, isOurs } = map;
    const object: BundleMap = { bundle, isOurs, uid, resourceVersion: version };
    this.maps.set(namespace, object);
    this.#tell((each) => each.observeMaps([{ kind: "upsert", key, object }]));
    return { kind: "map", map: object };
  }

  create(namespace: string, bundle: string): Promise<BundleAnswer> {
    return this.#carryOut("create", namespace, () => {
      if (this.maps.has(namespace)) return { kind: "conflict" };
      if (this.namespaces.get(namespace) === "terminating") return { kind: "failed", message: "terminating" };
      if (!this.namespaces.has(namespace) && namespace !== "own") return { kind: "absent" };
      return this.setMap(namespace, { bundle, isOurs: true });
    });
  }

  correct(namespace: string, map: BundleMap, bundle: string): Promise<BundleAnswer> {
    return this.#carryOut("correct", namespace, () => {
      const present = this.maps.get(namespace);
      if (present === undefined) return { kind: "absent" };
      if (present.resourceVersion !== map.resourceVersion) return { kind: "conflict" };
      return this.setMap(namespace, { bundle, isOurs: true });
    });
  }

  remove(namespace: string, map: BundleMap): Promise<BundleAnswer> {
    return this.#carryOut("remove", namespace, () => {
      const present = this.maps.get(namespace);
      if (present === undefined) return { kind: "absent" };
      if (present.resourceVersion !== map.resourceVersion) return { kind: "conflict" };
      return this.setMap(namespace, undefined);
    });
  }

  async #carryOut(call: string, namespace: string, act: () => BundleAnswer): Promise<BundleAnswer> {
    await new Promise<void>((resolve) => {
      this.time.after(2, resolve);
    });
    const message = this.refuse(namespace);
    if (message !== undefined) return { kind: "failed", message };
    const answer = act();
    // The watch may tell what came after before the answer is there.
    await new Promise<void>((resolve) => {
      this.time.after(this.answerMs, resolve);
    });
    if (answer.kind === "map" || (answer.kind === "absent" && call === "remove")) {
      this.writes.push(`${call} ${namespace}`);
    }
    return answer;
  }

  #tell(what: (distributor: BundleDistributor) => void): void {
    // A watch may be slow, but it never tells two things in the wrong order.
    this.#toldMs = Math.max(this.#toldMs, this.time.nowMs + this.watchMs);
    for (const each of this.#distributors) this.time.after(this.#toldMs - this.time.nowMs, () => what(each));
  }
}
