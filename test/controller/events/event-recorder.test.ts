import assert from "node:assert/strict";
import type { EventDraft } from "../../../src/controller/events/event-draft.ts";
import type {
  EventAnswer,
  EventPort,
  EventSeries,
  NewEvent,
} from "../../../src/controller/events/event-port.ts";
import {
  EVENT_LIMITS,
  type EventLimits,
  EventRecorder,
} from "../../../src/controller/events/event-recorder.ts";
import { ManualControllerClock } from "../manual-clock.ts";

/** Events as an API server keeps them. */
class FakeEvents implements EventPort {
  readonly events = new Map<string, NewEvent>();
  readonly calls: string[] = [];
  /** What the next calls are answered. */
  readonly answers: EventAnswer[] = [];
  uid: string | undefined = "looked-up";

  async create(event: NewEvent): Promise<EventAnswer> {
    this.calls.push("create");
    const key = `${event.namespace}/${event.name}`;
    const answer = this.answers.shift();
    if (answer !== undefined) return answer;
    if (this.events.has(key)) return { kind: "exists" };
    this.events.set(key, event);
    return { kind: "event", count: event.count };
  }

  async read(namespace: string, name: string): Promise<EventAnswer> {
    this.calls.push("read");
    const event = this.events.get(`${namespace}/${name}`);
    return (
      this.answers.shift() ?? (event === undefined ? { kind: "gone" } : { kind: "event", count: event.count })
    );
  }

  async update({ namespace, name, count, at }: EventSeries): Promise<EventAnswer> {
    this.calls.push("update");
    const key = `${namespace}/${name}`;
    const event = this.events.get(key);
    if (event === undefined) return { kind: "gone" };
    this.events.set(key, { ...event, count, at });
    return { kind: "event", count };
  }

  async uidOf(): Promise<string | undefined> {
    return this.uid;
  }

  get only(): NewEvent {
    const [event, ...others] = this.events.values();
    assert.ok(event !== undefined);
    assert.equal(others.length, 0);
    return event;
  }
}

class Fixture {
  readonly clock = new ManualControllerClock();
  readonly results: string[] = [];
  readonly api: FakeEvents;
  readonly recorder: EventRecorder;
  isLeading = true;

  constructor({ api = new FakeEvents(), ...limits }: Partial<EventLimits> & { api?: FakeEvents } = {}) {
    this.api = api;
    const silent = (): void => {};
    this.recorder = new EventRecorder({
      api,
      clock: this.clock,
      log: { info: silent, warn: silent, limited: silent },
      isLeading: () => this.isLeading,
      metrics: { recorded: (result) => this.results.push(result) },
      limits: { ...EVENT_LIMITS, ...limits },
    });
  }
}

function draft(change: Partial<EventDraft> = {}, name = "r"): EventDraft {
  return {
    regarding: {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      namespace: "default",
      name,
      uid: "uid",
    },
    reason: "RouteNotAccepted",
    note: "Service default/none does not exist.",
    ...change,
  };
}

describe("EventRecorder", () => {
  it("makes an Event", async () => {
    const f = new Fixture();
    f.recorder.record(draft());
    await f.clock.pass(5);
    const { name, ...event } = f.api.only;
    assert.match(name, /^r\.[0-9a-f]{16}$/);
    assert.deepEqual(event, {
      namespace: "default",
      regarding: draft().regarding,
      type: "Warning",
      reason: "RouteNotAccepted",
      action: "BindRoute",
      note: "Service default/none does not exist.",
      at: Date.UTC(2026, 10, 24, 10),
      count: 1,
    });
    assert.deepEqual(f.results, ["written"]);
    assert.equal(f.clock.timers, 0);
  });

  it("counts what happens again, and writes it once a minute", async () => {
    const f = new Fixture();
    for (let i = 0; i < 90; i++) {
      f.recorder.record(draft());
      await f.clock.pass(1_000);
    }
    assert.deepEqual(f.api.calls, ["create", "update"]);
    await f.clock.pass(60_000);
    assert.equal(f.api.only.count, 90);
    assert.deepEqual(f.api.calls, ["create", "update", "update"]);
    assert.ok(f.api.only.at >= Date.UTC(2026, 10, 24, 10) + 89_000);
    assert.equal(f.clock.timers, 0);
  });

  it("counts on where another replica, or it itself before, has made the Event", async () => {
    const api = new FakeEvents();
    for (const _ of [1, 2, 3]) {
      const f = new Fixture({ api });
      f.recorder.record(draft());
      await f.clock.pass(5);
      f.recorder.stop();
    }
    assert.equal(api.only.count, 3);
    assert.deepEqual(api.calls, ["create", "create", "read", "update", "create", "read", "update"]);
  });

  it("makes an Event anew that the API server has forgotten", async () => {
    const f = new Fixture();
    f.recorder.record(draft());
    await f.clock.pass(61_000);
    f.api.events.clear();
    f.recorder.record(draft());
    await f.clock.pass(5);
    assert.equal(f.api.only.count, 1);
  });

  it("keeps different ones apart", async () => {
    const f = new Fixture();
    f.recorder.record(draft());
    f.recorder.record(draft({ note: "other" }));
    f.recorder.record(draft({ reason: "RefsNotResolved" }));
    f.recorder.record(draft({}, "s"));
    f.recorder.record(draft({ regarding: { ...draft().regarding, uid: "made anew" } }));
    await f.clock.pass(50);
    assert.equal(f.api.events.size, 5);
  });

  it("looks up a uid that is not known, and does without where there is none", async () => {
    const f = new Fixture();
    const regarding = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "p" };
    f.recorder.record(draft({ regarding, reason: "ConfigurationRefused" }));
    await f.clock.pass(5);
    assert.equal(f.api.only.regarding.uid, "looked-up");
    f.api.events.clear();
    f.api.uid = undefined;
    f.recorder.record(draft({ regarding, reason: "ConfigurationRefused", note: "other" }));
    await f.clock.pass(5);
    assert.deepEqual(f.api.only.regarding, regarding);
  });

  it("puts Events of cluster-scoped objects into the default namespace", async () => {
    const f = new Fixture();
    const regarding = { ...draft().regarding, kind: "XMesh", namespace: "" };
    f.recorder.record(draft({ regarding, reason: "MeshObjectTaken" }));
    await f.clock.pass(5);
    assert.equal(f.api.only.namespace, "default");
  });

  it("leaves what is the leader's to the leader", async () => {
    const f = new Fixture();
    f.isLeading = false;
    f.recorder.record(draft());
    f.recorder.record(draft({ reason: "GatewayApiMissing" }));
    await f.clock.pass(5);
    assert.equal(f.api.only.reason, "GatewayApiMissing");
    f.api.events.clear();
    f.isLeading = true;
    f.recorder.record(draft());
    f.isLeading = false;
    await f.clock.pass(120_000);
    assert.equal(f.api.events.size, 0);
    assert.equal(f.clock.timers, 0);
  });

  it("tells not too much of one object", async () => {
    const f = new Fixture();
    for (let i = 0; i < 50; i++) f.recorder.record(draft({ note: `n${i}` }));
    await f.clock.pass(10_000);
    assert.equal(f.api.events.size, 10);
    assert.equal(f.results.filter((result) => result === "dropped").length, 40);
    await f.clock.pass(60_000);
    for (let i = 50; i < 60; i++) f.recorder.record(draft({ note: `n${i}` }));
    await f.clock.pass(10_000);
    assert.equal(f.api.events.size, 12);
  });

  it("writes at a bounded rate, and drops what is too much", async () => {
    const f = new Fixture({ waiting: 100 });
    for (let i = 0; i < 500; i++) f.recorder.record(draft({}, `r${i}`));
    await f.clock.pass(5_000);
    assert.ok(f.api.events.size >= 45 && f.api.events.size <= 51, String(f.api.events.size));
    await f.clock.pass(30_000);
    assert.equal(f.api.events.size, 100);
    assert.equal(f.results.filter((result) => result === "dropped").length, 400);
  });

  it("forgets the oldest", async () => {
    const f = new Fixture({ remembered: 3, burst: 100 });
    for (let i = 0; i < 10; i++) {
      f.recorder.record(draft({}, `r${i}`));
      await f.clock.pass(10);
    }
    f.api.calls.length = 0;
    f.recorder.record(draft({}, "r9"));
    await f.clock.pass(60_000);
    assert.deepEqual(f.api.calls, ["update"]);
    f.recorder.record(draft({}, "r0"));
    await f.clock.pass(10);
    assert.deepEqual(f.api.calls, ["update", "create", "read", "update"]);
  });

  it("tries again after a failure, and gives up at last", async () => {
    const f = new Fixture();
    const failed: EventAnswer = { kind: "failed", message: "no connection" };
    f.api.answers.push(failed, failed);
    f.recorder.record(draft());
    await f.clock.pass(10_000);
    assert.deepEqual(f.results, ["failed", "failed", "written"]);
    f.api.answers.push(failed, failed, failed, failed, failed);
    f.recorder.record(draft({}, "s"));
    await f.clock.pass(60_000);
    assert.deepEqual(f.results.slice(3), Array<string>(5).fill("failed"));
    assert.equal(f.clock.timers, 0);
  });

  const lost: readonly { name: string; answers: readonly EventAnswer[] }[] = [
    { name: "its namespace goes", answers: [{ kind: "gone" }] },
    { name: "the Event goes while it is read", answers: [{ kind: "exists" }, { kind: "gone" }] },
  ];
  for (const { name, answers } of lost) {
    it(`gives up where ${name}`, async () => {
      const f = new Fixture();
      f.api.answers.push(...answers);
      f.recorder.record(draft());
      await f.clock.pass(60_000);
      assert.deepEqual(f.results, ["dropped"]);
      assert.equal(f.clock.timers, 0);
    });
  }

  it("takes what is thrown for a failure", async () => {
    const f = new Fixture();
    f.api.create = () => Promise.reject(new Error("defect"));
    f.recorder.record(draft());
    await f.clock.pass(5);
    assert.deepEqual(f.results, ["failed"]);
    f.recorder.stop();
  });

  it("cuts a note at what an Event may hold, between two characters", async () => {
    const f = new Fixture();
    const notes = ["x".repeat(1024), "x".repeat(1025), `x${"…".repeat(400)}`, "😀".repeat(300), "\uD83D"];
    for (const note of notes) f.recorder.record(draft({ note }));
    await f.clock.pass(10);
    const written = [...f.api.events.values()].map(({ note }) => note);
    assert.equal(written[0], notes[0]);
    assert.ok(written.every((note) => Buffer.byteLength(note) <= 1024 && note.isWellFormed()));
    assert.ok(written.slice(1, 4).every((note) => note.endsWith("…") && !note.includes("\uFFFD")));
    assert.ok(Buffer.byteLength(written[3] ?? "") > 1_000);
  });

  it("makes names that fit", async () => {
    const f = new Fixture();
    f.recorder.record(draft({}, "x".repeat(253)));
    await f.clock.pass(5);
    assert.equal(f.api.only.name.length, 253);
  });

  it("does nothing after its end", async () => {
    const f = new Fixture();
    f.recorder.record(draft());
    f.recorder.stop();
    f.recorder.record(draft());
    await f.clock.pass(1_000);
    assert.equal(f.api.events.size, 0);
    assert.equal(f.clock.timers, 0);
  });
});
