import assert from "node:assert/strict";
import type { BindableObject, BindingInput } from "../../src/binding/bindable-object.ts";
import { ControlPlane, type MeshChanges } from "../../src/controller/control-plane.ts";
import type { Node } from "../../src/resources/node.ts";
import { endpointSlice, meta, service } from "../binding/build.ts";
import { ManualClock } from "../support/manual-clock.ts";

const put = (object: BindableObject): BindingInput => ({ kind: "upsert", object });
const node = (name: string, zone?: string): Node => ({
  kind: "Node",
  meta: meta({ namespace: "", name }),
  ...(zone !== undefined && { zone }),
});
const removeNode = (name: string): BindingInput => ({
  kind: "delete",
  identity: { kind: "Node", namespace: "", name },
});

/** Steps wait in the middle while the event loop is held. */
class Turns {
  isHeld = false;
  #go: (() => void) | undefined;

  readonly run = async <T>(steps: Generator<undefined, T>): Promise<T> => {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      if (this.isHeld) {
        await new Promise<void>((resolve) => {
          this.#go = resolve;
        });
      }
    }
  };

  release(): void {
    this.isHeld = false;
    this.#go?.();
  }
}

function start() {
  const clock = new ManualClock();
  const turns = new Turns();
  const seen: MeshChanges[] = [];
  const plane = new ControlPlane({
    strictGrants: false,
    clock,
    runInTurns: turns.run,
    onChanges: (changes) => seen.push(changes),
  });
  const names = () => seen.map(({ backends }) => [...backends]);
  return { clock, turns, seen, plane, names };
}

/** Lets what was resolved go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const other = service({ meta: { name: "pay" }, clusterIPs: ["10.0.0.2"] });

describe("ControlPlane", () => {
  it("binds nothing before it begins, then all at once", async () => {
    const { plane, seen, names } = start();
    plane.change([put(service())]);
    plane.change([put(other), put(endpointSlice())]);
    await settle();
    assert.deepEqual(seen, []);
    await plane.begin();
    assert.deepEqual(names(), [["shop/cart:80", "shop/pay:80"]]);
    assert.equal(plane.catalogue.backend("shop/pay:80")?.name, "shop/pay:80");
  });

  it("begins without anything, too", async () => {
    const { plane, seen, names } = start();
    await plane.begin();
    assert.deepEqual(seen, []);
    plane.change([put(service())]);
    await settle();
    assert.deepEqual(names(), [["shop/cart:80"]]);
  });

  it("lets the first change out at once, and the rest of a burst together", async () => {
    const { plane, clock, seen, names } = start();
    await plane.begin();
    plane.change([put(service())]);
    await settle();
    const firstMs = clock.now();
    clock.advance(4);
    plane.change([put(endpointSlice())]);
    plane.change([put(other)]);
    await settle();
    assert.deepEqual(names(), [["shop/cart:80"]]);
    clock.advance(6);
    await settle();
    assert.deepEqual(names().slice(1), [["shop/cart:80", "shop/pay:80"]]);
    assert.deepEqual(
      seen.map(({ seenMs }) => seenMs - firstMs),
      [0, 4],
    );
    clock.advance(10);
    plane.change([put(endpointSlice({ endpoints: [] }))]);
    await settle();
    assert.equal(seen.length, 3);
  });

  it("collects what comes while it binds", async () => {
    const { plane, turns, clock, names } = start();
    await plane.begin();
    turns.isHeld = true;
    plane.change([put(service()), put(other)]);
    plane.change([put(endpointSlice())]);
    await settle();
    assert.deepEqual(names(), []);
    turns.release();
    await settle();
    assert.deepEqual(names(), [["shop/cart:80", "shop/pay:80"]]);
    clock.advance(10);
    await settle();
    assert.deepEqual(names()[1], ["shop/cart:80"]);
  });

  it("tells when sidecars may be elsewhere than they were told", async () => {
    const { plane, clock, seen } = start();
    await plane.begin();
    const selves = async (input: BindingInput): Promise<boolean | undefined> => {
      plane.change([input]);
      clock.advance(10);
      await settle();
      return seen.at(-1)?.selves;
    };
    assert.equal(await selves(put(node("a", "eu-1"))), true);
    assert.equal(await selves(put(node("a", "eu-1"))), false);
    assert.equal(await selves(put(node("b"))), false);
    assert.equal(await selves(put(node("a", "eu-2"))), true);
    assert.equal(await selves(removeNode("b")), false);
    assert.equal(await selves(removeNode("a")), true);
    assert.equal(await selves(put(service())), false);
  });

  it("binds nothing after its end", async () => {
    const { plane, clock, seen } = start();
    await plane.begin();
    plane.change([put(service())]);
    await settle();
    plane.stop();
    plane.change([put(other)]);
    clock.advance(20);
    await settle();
    assert.equal(seen.length, 1);
    assert.equal(clock.timers, 0);
  });
});
