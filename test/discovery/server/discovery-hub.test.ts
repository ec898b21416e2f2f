import assert from "node:assert/strict";
import fc from "fast-check";
import { contentVersion } from "../../../src/discovery/content-version.ts";
import { RESOURCE_TYPES, typeUrl } from "../../../src/discovery/resource-types.ts";
import type { SessionView, TypeView } from "../../../src/discovery/server/session-view.ts";
import { createHarness, FakeSidecar, type Harness } from "./hub-harness.ts";

const version = (content: string): string => contentVersion(Buffer.from(content));

function viewOf(sidecar: FakeSidecar): SessionView {
  return sidecar.session.view();
}

function backends(sidecar: FakeSidecar): TypeView {
  const found = viewOf(sidecar).types.find(({ type }) => type === "Backend");
  assert.ok(found);
  return found;
}

describe("DiscoveryHub", () => {
  let h: Harness;
  let sidecar: FakeSidecar;

  beforeEach(() => {
    h = createHarness();
    h.catalogue.put("Backend", "a", "a1");
    h.catalogue.put("Backend", "b", "b1");
    h.catalogue.put("Frontend", "f", "f1");
    sidecar = new FakeSidecar(h.hub);
  });

  describe("subscribing", () => {
    it("answers with what there is and with what is not", () => {
      sidecar.subscribe("Backend", "a", "x", "b");
      assert.deepEqual(sidecar.read(), ["Backend a=a1 b=b1", "Backend -x"]);
      sidecar.subscribe("Frontend", "f", "y");
      assert.deepEqual(sidecar.read(), ["Frontend f=f1 -y"]);
    });

    it("gives each namespace its own Frontend, and each node its own Self", () => {
      h.catalogue.put("Frontend", "f@other", "f of other");
      h.catalogue.put("Self", "self@node-1", "on node 1");
      const other = new FakeSidecar(h.hub, { namespace: "other", node: "node-1" });
      for (const one of [sidecar, other]) {
        one.subscribe("Frontend", "f");
        one.subscribe("Self", "self", "else");
      }
      assert.deepEqual(sidecar.read(), ["Frontend f=f1", "Self -self -else"]);
      assert.deepEqual(other.read(), ["Frontend f=f of other", "Self self=on node 1 -else"]);
    });

    it("does not send again what the sidecar has", () => {
      sidecar.request({
        typeUrl: typeUrl("Backend"),
        resourceNamesSubscribe: ["a", "b", "x"],
        initialResourceVersions: new Map([
          ["a", version("a1")],
          ["b", version("b0")],
          ["x", version("x0")],
          ["unasked", version("u0")],
        ]),
      });
      assert.deepEqual(sidecar.readAndAck(), ["Backend b=b1", "Backend -x"]);
      assert.equal(viewOf(sidecar).behindForMs, undefined);
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.read(), ["Backend a=a2"]);
    });

    it("does not take an empty version for knowledge", () => {
      sidecar.request({
        typeUrl: typeUrl("Backend"),
        resourceNamesSubscribe: ["x"],
        initialResourceVersions: new Map([["x", ""]]),
      });
      assert.deepEqual(sidecar.read(), ["Backend -x"]);
    });

    it("tells again whoever subscribes again", () => {
      sidecar.subscribe("Backend", "a");
      sidecar.subscribe("Backend", "a");
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a1", "Backend a=a1"]);
      sidecar.subscribe("Backend", "a");
      assert.deepEqual(sidecar.read(), ["Backend a=a1"]);
      assert.equal(backends(sidecar).resources.length, 1);
    });

    it("takes versions for names that it has not spoken of only", () => {
      sidecar.subscribe("Backend", "a");
      sidecar.readAndAck();
      const initialResourceVersions = new Map([["a", version("a0")]]);
      sidecar.request({ typeUrl: typeUrl("Backend"), initialResourceVersions });
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.read(), []);
    });

    it("sends no more of what is unsubscribed, whatever is under way", () => {
      sidecar.subscribe("Backend", "a", "b");
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      sidecar.unsubscribe("Backend", "a", "never");
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a1 b=b1"]);
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), []);
      assert.equal(h.hub.nameCount("Backend"), 1);
    });

    it("knows nothing of types that it does not know, and says so", () => {
      const type = "type.googleapis.com/eastbound.discovery.v1.New";
      sidecar.request({ typeUrl: type, resourceNamesSubscribe: ["a"] });
      sidecar.request({ typeUrl: type, responseNonce: "1" });
      assert.deepEqual(sidecar.read(), [`${type} -a`]);
    });

    const tooMuch = [
      { name: "a name of 257 characters", subscribe: ["a".repeat(257)] },
      { name: "10,001 names", subscribe: Array.from({ length: 10_001 }, (_, n) => `a${n}`) },
    ];
    for (const { name, subscribe } of tooMuch) {
      it(`ends the stream for ${name}`, () => {
        sidecar.subscribe("Backend", ...subscribe);
        assert.equal(sidecar.ended?.code, 8);
        sidecar.subscribe("Backend", "a");
        assert.deepEqual(sidecar.read(), []);
        assert.equal(h.hub.sessionCount, 0);
      });
    }

    it("ends the stream of a sidecar with too many subscriptions", () => {
      const names = Array.from({ length: 10_000 }, (_, n) => `a${n}`);
      sidecar.subscribe("Backend", ...names);
      assert.equal(h.hub.nameCount("Backend"), 10_000);
      sidecar.subscribe("Frontend", "f");
      assert.equal(sidecar.ended?.code, 8);
      assert.equal(h.hub.nameCount("Backend"), 0);
    });
  });

  describe("a sidecar that means harm", () => {
    const unknown = "type.googleapis.com/eastbound.discovery.v1.New";
    const names = Array.from({ length: 6_000 }, (_, n) => `a${n}`);

    it("has no long text of its kept as the version of what it has", () => {
      sidecar.request({
        typeUrl: typeUrl("Backend"),
        resourceNamesSubscribe: ["a"],
        initialResourceVersions: new Map([["a", "v".repeat(65)]]),
      });
      assert.deepEqual(sidecar.read(), ["Backend a=a1"]);
      assert.equal(backends(sidecar).resources[0]?.acceptedVersion, undefined);
    });

    it("has as many responses unanswered as one that is well could have", () => {
      for (let n = 0; n < 4; n++) sidecar.subscribe("Backend", ...names);
      assert.deepEqual(sidecar.ended, { code: 8, message: "more than 20000 resources unanswered" });
    });

    it("is told once of types that are not known, when its stream has room", () => {
      sidecar.room = 1;
      sidecar.subscribe("Backend", "a");
      for (let n = 0; n < 100; n++) sidecar.request({ typeUrl: unknown, resourceNamesSubscribe: ["x", "y"] });
      assert.deepEqual(sidecar.read(), ["Backend a=a1"]);
      sidecar.room = 10;
      sidecar.session.resume();
      assert.deepEqual(sidecar.read(), [`${unknown} -x -y`]);
    });

    it("can't have more names of unknown types wait than of known ones", () => {
      sidecar.room = 1;
      sidecar.subscribe("Backend", "a");
      for (const n of [1, 2]) sidecar.request({ typeUrl: `${unknown}${n}`, resourceNamesSubscribe: names });
      assert.equal(sidecar.ended?.code, 8);
    });

    it("has a short reason passed on, and few names", () => {
      sidecar.subscribe("Backend", ...names);
      sidecar.answer(sidecar.received.at(-1), "r".repeat(10_000));
      const [nack] = h.events.filter(({ kind }) => kind === "nack").map(({ event }) => event);
      assert.deepEqual(nack, {
        type: "Backend",
        identity: sidecar.session.identity,
        names: names.slice(0, 16),
        reason: "r".repeat(1024),
      });
    });

    it("does not get what is gone one by one because it refuses that", () => {
      sidecar.subscribe("Backend", "a", ...names);
      sidecar.answer(sidecar.received.at(-1), "no");
      sidecar.answer(sidecar.received.at(-1), "no");
      assert.equal(sidecar.received.length, 2);
      assert.equal(sidecar.session.state, "refused");
      sidecar.readAndAck();
      h.catalogue.put("Backend", "a7", "a7");
      h.publish({ backends: ["a7", "a8"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a7=a7"]);
    });
  });

  describe("publishing", () => {
    beforeEach(() => {
      sidecar.subscribe("Backend", "a", "b");
      sidecar.subscribe("Frontend", "f");
      sidecar.readAndAck();
    });

    it("tells subscribers at once, and nobody else", () => {
      const other = new FakeSidecar(h.hub);
      other.subscribe("Backend", "b");
      other.readAndAck();
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a", "unknown"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a2"]);
      assert.deepEqual(other.readAndAck(), []);
    });

    it("says nothing where the content is the same", () => {
      h.publish({ backends: ["a", "b"], frontends: ["f"], selves: true });
      assert.deepEqual(sidecar.read(), []);
      assert.equal(viewOf(sidecar).behindForMs, undefined);
    });

    it("says what is gone, and what is back", () => {
      h.catalogue.remove("Backend", "a");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend -a"]);
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), []);
      h.catalogue.put("Backend", "a", "a1");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a1"]);
    });

    it("makes before it breaks: Backends, then Frontends, then what is gone", () => {
      h.catalogue.remove("Backend", "a");
      h.catalogue.put("Backend", "b", "b2");
      h.catalogue.put("Frontend", "f", "f2 with b for a");
      h.publish({ frontends: ["f"], backends: ["a", "b"] });
      assert.deepEqual(sidecar.read(), ["Backend b=b2", "Frontend f=f2 with b for a", "Backend -a"]);
    });

    it("holds what is gone till the Frontend that named it was replaced", () => {
      h.catalogue.put("Frontend", "f", "f2");
      h.publish({ frontends: ["f"] });
      h.catalogue.put("Frontend", "f", "f3");
      h.catalogue.remove("Backend", "a");
      h.publish({ frontends: ["f"], backends: ["a"] });
      assert.deepEqual(sidecar.read(), ["Frontend f=f2"]);
      sidecar.answer(sidecar.received.at(-1));
      assert.deepEqual(sidecar.readAndAck(), ["Frontend f=f3", "Backend -a"]);
    });

    it("tells a sidecar where it is, when that changes", () => {
      const placed = new FakeSidecar(h.hub, { node: "node-1" });
      placed.subscribe("Self", "self");
      h.catalogue.put("Self", "self@node-1", "zone a");
      placed.readAndAck();
      h.publish({ selves: true });
      assert.deepEqual(placed.readAndAck(), ["Self self=zone a"]);
    });

    it("sends only the latest to a sidecar that has not answered yet", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      for (const content of ["a3", "a4", "a5"]) {
        h.catalogue.put("Backend", "a", content);
        h.publish({ backends: ["a"] });
      }
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a2", "Backend a=a5"]);
    });

    it("sends nothing more where what was under way turns out to be the latest", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      h.catalogue.put("Backend", "a", "a3");
      h.publish({ backends: ["a"] });
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a2"]);
      assert.equal(backends(sidecar).behindForMs, undefined);
    });

    it("does no work for a stream that takes no more, and then sends the latest", () => {
      sidecar.room = 1;
      h.catalogue.put("Backend", "b", "b2");
      h.publish({ backends: ["b"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend b=b2"]);
      const { lookups } = h.catalogue;
      for (let n = 0; n < 100; n++) {
        h.catalogue.put("Backend", "a", `a${n}`);
        h.publish({ backends: ["a", "b"] });
      }
      assert.equal(h.catalogue.lookups, lookups);
      assert.deepEqual(sidecar.read(), []);
      sidecar.room = 10;
      sidecar.session.resume();
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a99"]);
    });

    it("splits what is large", () => {
      const names = Array.from({ length: 5 }, (_, n) => `large-${n}`);
      for (const name of names) h.catalogue.put("Backend", name, name.padEnd(400_000));
      h.catalogue.put("Backend", "huge", "huge".padEnd(1_500_000));
      sidecar.subscribe("Backend", ...names, "huge");
      const counts = sidecar.received.slice(2).map(({ resources }) => resources.length);
      assert.deepEqual(counts, [2, 2, 1, 1]);
    });

    it("goes on in later turns where there is much to tell", () => {
      const slow = createHarness({ tick: 1 });
      slow.catalogue.put("Backend", "a", "a1");
      const sidecars = Array.from({ length: 20 }, () => new FakeSidecar(slow.hub));
      for (const one of sidecars) one.subscribe("Backend", "a");
      for (const one of sidecars) one.readAndAck();
      slow.catalogue.put("Backend", "a", "a2");
      slow.publish({ backends: ["a"] });
      const told = (): number => sidecars.filter((one) => one.received.length === 2).length;
      assert.ok(told() < 20);
      assert.equal(slow.deferred.length, 1);
      slow.publish({ backends: ["a"] });
      assert.equal(slow.deferred.length, 1);
      for (let run = slow.deferred.shift(); run !== undefined; run = slow.deferred.shift()) run();
      assert.equal(told(), 20);
    });

    it("forgets a stream that is gone", () => {
      sidecar.session.close();
      sidecar.session.close();
      h.publish({ backends: ["a"], selves: true });
      assert.equal(h.hub.sessionCount, 0);
      for (const type of RESOURCE_TYPES) assert.equal(h.hub.nameCount(type), 0);
      sidecar.session.end({ code: 0, message: "" });
      assert.equal(sidecar.ended, undefined);
    });
  });

  describe("a refusal", () => {
    beforeEach(() => {
      sidecar.subscribe("Backend", "a", "b");
      sidecar.readAndAck();
    });

    it("is kept, and tried again only with other content", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      h.time += 5;
      sidecar.answer(sidecar.received.at(-1), "no such thing");
      h.time += 10;
      assert.deepEqual(sidecar.read(), ["Backend a=a2"]);
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.read(), []);
      assert.deepEqual(backends(sidecar).lastNack, {
        reason: "no such thing",
        ageMs: 10,
        resources: [{ name: "a", version: version("a2") }],
      });
      assert.equal(viewOf(sidecar).behindForMs, 15);
      assert.equal(sidecar.session.state, "refused");
      assert.deepEqual(
        h.events.filter(({ kind }) => kind === "nack").map(({ event }) => event),
        [{ type: "Backend", identity: sidecar.session.identity, names: ["a"], reason: "no such thing" }],
      );
      h.catalogue.put("Backend", "a", "a3");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a3"]);
      assert.equal(viewOf(sidecar).behindForMs, undefined);
      assert.equal(sidecar.session.state, "in-sync");
    });

    it("is over when the content is again what the sidecar has", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.read(), ["Backend a=a2"]);
      sidecar.answer(sidecar.received.at(-1), "no");
      h.catalogue.put("Backend", "a", "a1");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a1"]);
      assert.equal(viewOf(sidecar).behindForMs, undefined);
      assert.equal(sidecar.session.state, "in-sync");
    });

    it("of several is narrowed down to the one", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.catalogue.put("Backend", "b", "b2");
      h.publish({ backends: ["a", "b"] });
      assert.deepEqual(sidecar.read(), ["Backend a=a2 b=b2"]);
      sidecar.answer(sidecar.received.at(-1), "one of them is bad");
      assert.deepEqual(sidecar.read(), ["Backend a=a2", "Backend b=b2"]);
      const [a, b] = sidecar.received.slice(-2);
      sidecar.answer(a, "this one");
      sidecar.answer(b);
      assert.deepEqual(sidecar.read(), []);
      const states = backends(sidecar).resources.map(({ name, acceptedVersion, behindForMs }) => ({
        name,
        acceptedVersion,
        isBehind: behindForMs !== undefined,
      }));
      assert.deepEqual(states, [
        { name: "a", acceptedVersion: version("a1"), isBehind: true },
        { name: "b", acceptedVersion: version("b2"), isBehind: false },
      ]);
    });

    it("of several leaves open which of them the sidecar has", () => {
      const contents = [
        ["a", "a2"],
        ["b", "b2"],
      ] as const;
      for (const [name, content] of contents) h.catalogue.put("Backend", name, content);
      h.publish({ backends: ["a", "b"] });
      for (const [name, content] of contents) h.catalogue.put("Backend", name, content.replace("2", "1"));
      sidecar.answer(sidecar.received.at(-1), "b is bad, and a is in force");
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a2 b=b2", "Backend a=a1", "Backend b=b1"]);
      assert.equal(sidecar.session.state, "in-sync");
    });

    it("of several that is followed by others leaves it open as well", () => {
      h.catalogue.remove("Backend", "a");
      h.catalogue.remove("Backend", "b");
      h.publish({ backends: ["a", "b"] });
      h.catalogue.put("Backend", "a", "bad");
      sidecar.answer(sidecar.received.at(-1), "what is gone is gone all the same");
      h.publish({ backends: ["a"] });
      sidecar.answer(sidecar.received.at(-1), "bad");
      assert.deepEqual(sidecar.readAndAck(), ["Backend -a -b", "Backend a=bad"]);
      h.catalogue.put("Backend", "a", "a1");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a1"]);
    });

    it("of several does not hold up what else there is", () => {
      h.catalogue.put("Backend", "c", "c1");
      sidecar.room = 1;
      h.catalogue.put("Backend", "a", "a2");
      h.catalogue.put("Backend", "b", "b2");
      h.publish({ backends: ["a", "b"] });
      sidecar.subscribe("Backend", "c");
      sidecar.answer(sidecar.received.at(-1), "no");
      sidecar.read();
      sidecar.room = 10;
      sidecar.session.resume();
      assert.deepEqual(sidecar.read(), ["Backend c=c1", "Backend a=a2", "Backend b=b2"]);
    });

    it("is foreseen of what is too large for a sidecar, whose stream it would end", () => {
      h.catalogue.put("Backend", "a", "a".repeat(4_000_001));
      h.catalogue.put("Backend", "b", "b2");
      h.publish({ backends: ["a", "b"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend b=b2"]);
      assert.equal(sidecar.session.state, "refused");
      const { lastNack } = backends(sidecar);
      assert.match(lastNack?.reason ?? "", /^has \d+ bytes, more than 4000000$/);
      assert.deepEqual(
        h.events.filter(({ kind }) => kind === "nack").map(({ event }) => event),
        [{ type: "Backend", identity: sidecar.session.identity, names: ["a"], reason: lastNack?.reason }],
      );
      h.publish({ backends: ["a"] });
      assert.equal(h.events.filter(({ kind }) => kind === "nack").length, 1);
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      assert.deepEqual(sidecar.readAndAck(), ["Backend a=a2"]);
      assert.equal(sidecar.session.state, "in-sync");
    });

    it("counts for the response that it names only", () => {
      h.catalogue.put("Backend", "a", "a2");
      h.publish({ backends: ["a"] });
      for (const [type, nonce] of [
        ["Backend", "other"],
        ["Frontend", sidecar.received.at(-1)?.nonce ?? ""],
      ] as const) {
        sidecar.request({
          typeUrl: typeUrl(type),
          responseNonce: nonce,
          errorDetail: { code: 3, message: "no", details: [] },
        });
        sidecar.request({ typeUrl: typeUrl(type), responseNonce: nonce });
      }
      assert.equal(backends(sidecar).lastNack, undefined);
      assert.equal(h.events.filter(({ kind }) => kind === "nack").length, 0);
      sidecar.readAndAck();
      assert.equal(viewOf(sidecar).behindForMs, undefined);
    });
  });

  it("shows who is there and what they have", () => {
    sidecar.request({
      typeUrl: typeUrl("Backend"),
      resourceNamesSubscribe: ["a", "x"],
      node: {
        id: "cart-1".padEnd(200, "!"),
        userAgentName: "eastbound",
        userAgentVersionType: { $case: "userAgentVersion", value: "0.1.0" },
      },
    });
    sidecar.answer(sidecar.received[0]);
    h.time += 7;
    sidecar.request({
      typeUrl: typeUrl("Frontend"),
      node: { id: "", userAgentName: "", userAgentVersionType: undefined },
    });
    const [view] = [...h.hub.sessions()];
    assert.deepEqual(view, {
      identity: { namespace: "shop", pod: "cart-1", serviceAccount: "cart" },
      client: { id: "", version: "" },
      connectedForMs: 7,
      behindForMs: 7,
      types: [
        { type: "Frontend", state: "in-sync", resources: [] },
        {
          type: "Backend",
          state: "behind",
          behindForMs: 7,
          resources: [
            { name: "a", sentVersion: version("a1"), acceptedVersion: version("a1") },
            { name: "x", sentVersion: "", behindForMs: 7 },
          ],
        },
        { type: "Self", state: "in-sync", resources: [] },
      ],
    });
    assert.equal(sidecar.session.state, "behind");
    assert.deepEqual(h.hub.openSessions, [sidecar.session]);
  });

  it("keeps of what a sidecar says of itself 128 characters", () => {
    const userAgentVersionType = { $case: "userAgentVersion", value: "v".repeat(200) } as const;
    sidecar.request({
      typeUrl: typeUrl("Backend"),
      node: { id: "i".repeat(200), userAgentName: "eastbound", userAgentVersionType },
    });
    const { id, version } = viewOf(sidecar).client;
    assert.deepEqual([id.length, version.length], [128, 128]);
    assert.ok(version.startsWith("eastbound v"));
  });

  it("counts from when a change was seen, where that is known", () => {
    sidecar.subscribe("Self", "self");
    sidecar.subscribe("Backend", "a");
    sidecar.readAndAck();
    h.catalogue.put("Backend", "a", "a2");
    h.catalogue.put("Self", "self@", "elsewhere");
    h.time += 9;
    h.hub.publish({ frontends: [], backends: ["a"], selves: true, sinceMs: h.time - 6 });
    const pushes = h.events.filter(({ kind }) => kind === "push").slice(-2);
    assert.deepEqual(
      pushes.map(({ event }) => (event as { readonly waitedMs: number }).waitedMs),
      [6, 6],
    );
  });

  it("tells metrics of each push and each answer, with the time since the change", () => {
    sidecar.subscribe("Backend", "a", "x");
    h.time += 4;
    sidecar.readAndAck();
    const [response] = sidecar.received;
    assert.deepEqual(h.events.slice(0, 1), [
      {
        kind: "push",
        event: {
          type: "Backend",
          resources: 1,
          removed: 0,
          waitedMs: 0,
          sizeBytes: 52 + 3 + 2 + 13 + 2 + 52 + 4 + 3,
        },
      },
    ]);
    assert.equal(response?.resources.length, 1);
    assert.deepEqual(
      h.events.filter(({ kind }) => kind === "ack"),
      [
        { kind: "ack", event: { type: "Backend", tookMs: 4 } },
        { kind: "ack", event: { type: "Backend", tookMs: 4 } },
      ],
    );
  });

  /** Whatever happens in whatever order, a sidecar that answers at last has what there is. */
  it("brings every sidecar to the latest content", () => {
    const name = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("put" as const), name, content: fc.nat(3) }),
      fc.record({ kind: fc.constant("remove" as const), name }),
      fc.record({ kind: fc.constant("subscribe" as const), name }),
      fc.record({ kind: fc.constant("unsubscribe" as const), name }),
      fc.record({ kind: fc.constant("answer" as const), at: fc.nat(), isRefused: fc.boolean() }),
      fc.record({ kind: fc.constant("block" as const) }),
      fc.record({ kind: fc.constant("resume" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const h = createHarness();
        const one = new FakeSidecar(h.hub);
        const wanted = new Set<string>();
        const has = new Map<string, string | undefined>();
        const there = new Map<string, string>();
        let open: typeof one.received = [];
        let seen = 0;
        const look = (): void => {
          open = [...open, ...one.received.slice(seen)];
          seen = one.received.length;
        };
        const answer = (at: number, isRefused: boolean): void => {
          const response = open[at];
          assert.ok(response);
          open = open.filter((other) => other !== response);
          if (!isRefused) {
            for (const { name, resource } of response.resources) {
              has.set(name, Buffer.from(resource?.value ?? []).toString());
            }
            for (const name of response.removedResources) has.delete(name);
          }
          one.answer(response, isRefused ? "no" : undefined);
        };
        for (const step of steps) {
          look();
          switch (step.kind) {
            case "put":
              there.set(step.name, String(step.content));
              h.catalogue.put("Backend", step.name, String(step.content));
              h.publish({ backends: [step.name] });
              break;
            case "remove":
              there.delete(step.name);
              h.catalogue.remove("Backend", step.name);
              h.publish({ backends: [step.name] });
              break;
            case "subscribe":
              wanted.add(step.name);
              one.subscribe("Backend", step.name);
              break;
            case "unsubscribe":
              wanted.delete(step.name);
              one.unsubscribe("Backend", step.name);
              break;
            case "answer":
              if (open.length > 0) answer(step.at % open.length, step.isRefused);
              break;
            case "block":
              one.room = 1;
              break;
            case "resume":
              one.room = 1000;
              one.session.resume();
              break;
          }
        }
        one.room = 1000;
        one.session.resume();
        // What was refused comes again with other content.
        for (const name of ["a", "b", "c"]) {
          h.catalogue.put("Backend", name, "last");
          there.set(name, "last");
        }
        h.publish({ backends: ["a", "b", "c"] });
        for (look(); open.length > 0; look()) answer(0, false);
        for (const name of wanted) assert.equal(has.get(name), there.get(name));
        assert.equal(one.session.view().behindForMs, undefined);
      }),
      { numRuns: 500 },
    );
  });
});
