import assert from "node:assert/strict";
import { CONTROLLER_NAME } from "../../../src/controller/controller-name.ts";
import type { PatchOperation } from "../../../src/controller/status/json-patch.ts";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import type {
  RouteAddress,
  RouteAnswer,
  RouteRefusal,
  StatusPort,
} from "../../../src/controller/status/status-port.ts";

export interface RawRoute {
  apiVersion: string;
  metadata: { namespace: string; name: string; uid: string; resourceVersion: string; generation: number };
  status?: { parents?: unknown[] };
}

/** Routes as an API server keeps them: one version counter, patches all or nothing, CRD defaults left out. */
export class FakeApi implements StatusPort {
  readonly routes = new Map<string, RawRoute>();
  readonly patches: string[] = [];
  reads = 0;
  underWay = 0;
  mostUnderWay = 0;
  /** Called with each patch before it is looked at; what it returns is the answer. */
  before: ((route: RouteAddress) => RouteAnswer | undefined | Promise<RouteAnswer | undefined>) | undefined;
  #version = 100;

  put(name: string, generation: number, parents?: unknown[]): RawRoute {
    const route: RawRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      metadata: { namespace: "default", name, uid: `uid-${name}`, resourceVersion: "", generation },
      ...(parents === undefined ? {} : { status: { parents } }),
    };
    this.routes.set(`default/${name}`, route);
    this.touch(route);
    return route;
  }

  /** Somebody changed it. */
  touch(route: RawRoute): void {
    route.metadata.resourceVersion = String(this.#version++);
  }

  async read(address: RouteAddress): Promise<RouteAnswer> {
    this.reads++;
    return this.#answer(address);
  }

  async patch(
    address: RouteAddress,
    operations: readonly PatchOperation[],
  ): Promise<RouteAnswer | RouteRefusal> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    const early = await this.before?.(address);
    this.underWay--;
    if (early !== undefined) return early;
    const key = `${address.namespace}/${address.name}`;
    const route = this.routes.get(key);
    if (route === undefined) return { kind: "gone" };
    const patched = applyPatch(route, operations);
    if (patched === undefined) return { kind: "refused", message: "the test failed" };
    assert.equal(foreignText(patched), foreignText(route), "what others wrote stays as it is");
    this.patches.push(key);
    this.routes.set(key, patched);
    this.touch(patched);
    return this.#answer(address);
  }

  #answer({ namespace, name, kind }: RouteAddress): RouteAnswer {
    const raw = this.routes.get(`${namespace}/${name}`);
    if (raw === undefined) return { kind: "gone" };
    const route = readObservedRoute(raw, kind);
    assert.ok(route !== undefined);
    return { kind: "route", route };
  }
}

/** All entries of others, as text in their order. */
export function foreignText(route: RawRoute): string {
  const parents = (route.status?.parents ?? []) as readonly ({ readonly controllerName?: string } | null)[];
  return JSON.stringify(parents.filter((entry) => entry?.controllerName !== CONTROLLER_NAME));
}

/** RFC 6902 as far as the writer uses it; undefined where a test fails. Wrong paths are defects of ours. */
export function applyPatch<T>(target: T, operations: readonly PatchOperation[]): T | undefined {
  const copy = structuredClone(target);
  for (const operation of operations) {
    const steps = operation.path.split("/").slice(1);
    const last = steps.pop() ?? "";
    let at: unknown = copy;
    for (const step of steps) at = (at as Record<string, unknown>)[step];
    assert.ok(typeof at === "object" && at !== null, `no such place: ${operation.path}`);
    if (operation.op === "test") {
      if ((at as Record<string, unknown>)[last] !== operation.value) return undefined;
    } else if (Array.isArray(at)) {
      const index = last === "-" ? at.length : Number(last);
      assert.ok(Number.isInteger(index) && (last === "-" || index < at.length), operation.path);
      if (operation.op === "remove") at.splice(index, 1);
      else if (operation.op === "replace") at[index] = structuredClone(operation.value);
      else at.splice(index, 0, structuredClone(operation.value));
    } else {
      assert.equal(operation.op, "add", operation.path);
      (at as Record<string, unknown>)[last] = structuredClone((operation as { value: unknown }).value);
    }
  }
  return copy;
}
