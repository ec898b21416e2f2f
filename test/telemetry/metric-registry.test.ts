import assert from "node:assert/strict";
import { expose } from "../../src/telemetry/exposition.ts";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";
import { parseExposition } from "../support/parse-exposition.ts";

const MINUTE = 60_000;
const byCode = { name: "c_total", help: "c", labelNames: ["code"] } as const;
type Code = Readonly<Record<"code", string>>;
type None = Readonly<Record<string, never>>;

/** The values by label text; of a histogram the counts. */
function valuesOf(registry: MetricRegistry): Record<string, number> {
  const families = parseExposition([...expose(registry, "prometheus")].join(""), "prometheus");
  const samples = families.flatMap((family) => family.samples);
  const shown = samples.filter((sample) => !/_(bucket|sum)$/.test(sample.name));
  return Object.fromEntries(
    shown.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(" "), value]),
  );
}

describe("MetricRegistry", () => {
  it("shows nothing of a handle that was never written", () => {
    const registry = new MetricRegistry();
    registry.counter<Code>(byCode).with({ code: "200" });
    assert.deepEqual(valuesOf(registry), {});
  });

  it("adds up what several handles of the same labels count", () => {
    const registry = new MetricRegistry();
    const family = registry.counter<Code>(byCode);
    family.with({ code: "200" }).add(1);
    family.with({ code: "200" }).add(2.5);
    assert.deepEqual(valuesOf(registry), { "c_total 200": 3.5 });
  });

  it("takes labels in any order, and missing ones as empty", () => {
    const registry = new MetricRegistry();
    const family = registry.counter<Record<"a" | "b", string>>({
      name: "c_total",
      help: "c",
      labelNames: ["a", "b"],
    });
    family.with({ a: "1", b: "2" }).add(1);
    family.with({ b: "2", a: "1" }).add(1);
    family.with({ a: "1" } as Record<"a" | "b", string>).add(1);
    assert.deepEqual(valuesOf(registry), { "c_total 1 2": 2, "c_total 1 ": 1 });
  });

  it("counts the values of a histogram, bounds included", () => {
    const registry = new MetricRegistry();
    const family = registry.histogram<None>({ name: "h", help: "h", labelNames: [], bounds: [1, 2, 4] });
    const handle = family.with({});
    for (const value of [0, 1, 1.000_1, 2, 4, 4.1, Number.POSITIVE_INFINITY]) handle.observe(value);
    const [parsed] = parseExposition([...expose(registry, "prometheus")].join(""), "prometheus");
    assert.deepEqual(
      parsed?.samples.map((sample) => sample.value),
      [2, 4, 5, 7, Number.POSITIVE_INFINITY, 7],
    );
  });

  it("moves gauges up and down", () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge<None>({ name: "g", help: "g", labelNames: [] }).with({});
    gauge.add(3);
    gauge.add(-1);
    assert.deepEqual(valuesOf(registry), { g: 2 });
    gauge.set(-7.5);
    assert.deepEqual(valuesOf(registry), { g: -7.5 });
  });
});

describe("expiry", () => {
  it("drops what was idle for ten minutes, and only that", () => {
    const registry = new MetricRegistry();
    const family = registry.counter<Code>(byCode);
    const [idle, busy] = [family.with({ code: "200" }), family.with({ code: "500" })];
    idle.add(1);
    for (let minute = 0; minute < 10; minute++) {
      busy.add(1);
      registry.expireIdle(minute * MINUTE);
    }
    assert.deepEqual(valuesOf(registry), { "c_total 200": 1, "c_total 500": 10 });
    registry.expireIdle(10 * MINUTE);
    assert.deepEqual(valuesOf(registry), { "c_total 500": 10 });
  });

  it("lets a kept handle bring its series back from 0", () => {
    const registry = new MetricRegistry();
    const family = registry.counter<Code>(byCode);
    const [one, other] = [family.with({ code: "200" }), family.with({ code: "200" })];
    one.add(5);
    other.add(5);
    registry.expireIdle(0);
    registry.expireIdle(10 * MINUTE);
    assert.deepEqual(valuesOf(registry), {});
    one.add(1);
    other.add(2);
    assert.deepEqual(valuesOf(registry), { "c_total 200": 3 });
  });

  it("drops and brings back histograms", () => {
    const registry = new MetricRegistry();
    const family = registry.histogram<Code>({ ...byCode, name: "h", bounds: [1] });
    const handle = family.with({ code: "200" });
    handle.observe(0);
    registry.expireIdle(0);
    registry.expireIdle(9 * MINUTE);
    assert.deepEqual(valuesOf(registry), { "h_count 200": 1 });
    registry.expireIdle(10 * MINUTE);
    assert.deepEqual(valuesOf(registry), {});
    handle.observe(5);
    assert.deepEqual(valuesOf(registry), { "h_count 200": 1 });
  });

  it("keeps a gauge that is not 0", () => {
    const registry = new MetricRegistry();
    const family = registry.gauge<Code>({ ...byCode, name: "g" });
    const handle = family.with({ code: "a" });
    handle.add(1);
    registry.expireIdle(0);
    registry.expireIdle(1_000 * MINUTE);
    assert.deepEqual(valuesOf(registry), { "g a": 1 });
    handle.add(-1);
    registry.expireIdle(1_001 * MINUTE);
    registry.expireIdle(1_011 * MINUTE);
    assert.deepEqual(valuesOf(registry), {});
    handle.set(0);
    assert.deepEqual(valuesOf(registry), { "g a": 0 });
  });

  it("gives the room back", () => {
    const registry = new MetricRegistry();
    const family = registry.histogram<Code>({ ...byCode, name: "h", bounds: [1, 2] });
    const before = registry.seriesCount;
    family.with({ code: "200" }).observe(1);
    assert.equal(registry.seriesCount, before + 5, "three buckets, sum and count");
    registry.expireIdle(0);
    registry.expireIdle(10 * MINUTE);
    assert.equal(registry.seriesCount, before);
  });
});

describe("the limit of series", () => {
  const limits = { maxSeries: 12, idleMs: 10 * MINUTE };

  function aFullRegistry() {
    const registry = new MetricRegistry(limits);
    const family = registry.counter<Code>(byCode);
    const handles = Array.from({ length: 20 }, (_, index) => family.with({ code: String(index) }));
    for (const handle of handles) handle.add(1);
    return { registry, family, handles };
  }

  it("is never exceeded; the rest shares one series", () => {
    const { registry, handles } = aFullRegistry();
    const values = valuesOf(registry);
    assert.equal(Object.keys(values).length, 12);
    assert.equal(values["c_total overflow"], 9);
    assert.equal(values["c_total 10"], 1);
    handles[19]?.add(5);
    handles[0]?.add(5);
    assert.equal(valuesOf(registry)["c_total overflow"], 14);
    assert.equal(valuesOf(registry)["c_total 0"], 6);
  });

  it("counts every series of a histogram, over all families", () => {
    const registry = new MetricRegistry({ ...limits, maxSeries: 30 });
    const counter = registry.counter<Code>(byCode);
    const histogram = registry.histogram<Code>({ ...byCode, name: "h", bounds: [1, 2, 4] });
    for (let index = 0; index < 10; index++) {
      counter.with({ code: String(index) }).add(1);
      histogram.with({ code: String(index) }).observe(1);
    }
    const text = [...expose(registry, "prometheus")].join("");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.ok(lines.length <= 30, String(lines.length));
    const total = Object.values(valuesOf(registry)).reduce((sum, value) => sum + value, 0);
    assert.equal(total, 20, "nothing is lost");
  });

  it("holds for 10,000 by default", () => {
    const registry = new MetricRegistry();
    const family = registry.counter<Code>(byCode);
    for (let index = 0; index < 10_100; index++) family.with({ code: String(index) }).add(1);
    const values = valuesOf(registry);
    assert.equal(Object.keys(values).length, 10_000);
    assert.equal(values["c_total overflow"], 101);
  });

  it("always has room for a family without labels", () => {
    const { registry } = aFullRegistry();
    registry.counter<None>({ name: "n_total", help: "n", labelNames: [] }).with({}).add(1);
    assert.equal(valuesOf(registry)["n_total"], 1);
  });

  it("gives those over the limit their own series when there is room", () => {
    const { registry, handles } = aFullRegistry();
    registry.expireIdle(0);
    for (const handle of handles.slice(10)) handle.add(1);
    registry.expireIdle(10 * MINUTE);
    for (const handle of handles.slice(10)) handle.add(1);
    const values = valuesOf(registry);
    assert.equal(values["c_total 19"], 1);
    assert.equal(values["c_total overflow"], 18, "what was counted there stays");
  });

  it("does so for histograms too", () => {
    const registry = new MetricRegistry(limits);
    const family = registry.histogram<Code>({ ...byCode, name: "h", bounds: [1] });
    const [first, second, third] = ["a", "b", "c"].map((code) => family.with({ code }));
    first?.observe(1);
    second?.observe(1);
    third?.observe(1);
    assert.deepEqual(valuesOf(registry), { "h_count a": 1, "h_count b": 1, "h_count overflow": 1 });
    registry.expireIdle(0);
    second?.observe(1);
    third?.observe(1);
    registry.expireIdle(10 * MINUTE);
    third?.observe(1);
    assert.deepEqual(valuesOf(registry), { "h_count b": 2, "h_count c": 1, "h_count overflow": 2 });
  });

  it("keeps a gauge over the limit where it is, so that it comes out even", () => {
    const registry = new MetricRegistry({ ...limits, maxSeries: 2 });
    const family = registry.gauge<Code>({ ...byCode, name: "g" });
    const [first, second] = [family.with({ code: "a" }), family.with({ code: "b" })];
    first.add(1);
    second.add(1);
    first.add(-1);
    registry.expireIdle(0);
    registry.expireIdle(10 * MINUTE);
    second.add(-1);
    assert.deepEqual(valuesOf(registry), { "g overflow": 0 });
  });

  it("drops an idle overflow series", () => {
    const { registry, handles } = aFullRegistry();
    registry.expireIdle(0);
    registry.expireIdle(10 * MINUTE);
    assert.deepEqual(valuesOf(registry), {});
    handles[19]?.add(1);
    assert.deepEqual(valuesOf(registry), { "c_total 19": 1 });
  });
});

describe("collected families", () => {
  it("ask when they are read", () => {
    const registry = new MetricRegistry();
    const family = registry.collected<Code>("gauge", { ...byCode, name: "g" });
    let open = 1;
    const stop = family.collectFrom(() => [[{ code: "a" }, open]]);
    family.collectFrom(() => [[{ code: "b" }, 5]]);
    assert.deepEqual(valuesOf(registry), { "g a": 1, "g b": 5 });
    open = 2;
    registry.expireIdle(0);
    registry.expireIdle(100 * MINUTE);
    assert.deepEqual(valuesOf(registry), { "g a": 2, "g b": 5 });
    stop();
    stop();
    assert.deepEqual(valuesOf(registry), { "g b": 5 });
  });

  it("add up what has no room", () => {
    const registry = new MetricRegistry({ maxSeries: 4, idleMs: MINUTE });
    const family = registry.collected<Code>("gauge", { ...byCode, name: "g" });
    family.collectFrom(() => Array.from({ length: 10 }, (_, index) => [{ code: String(index) }, 1] as const));
    assert.deepEqual(valuesOf(registry), { "g 0": 1, "g 1": 1, "g 2": 1, "g overflow": 7 });
  });

  it("have room for a value without labels", () => {
    const registry = new MetricRegistry({ maxSeries: 1, idleMs: MINUTE });
    registry
      .collected<None>("counter", { name: "n_total", help: "n", labelNames: [] })
      .collectFrom(() => [[{}, 3]]);
    assert.deepEqual(valuesOf(registry), { n_total: 3 });
  });
});
