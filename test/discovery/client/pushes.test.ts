import assert from "node:assert/strict";
import {
  backendOf,
  ClientHarness,
  frontendOf,
  type ScriptedStream,
  type StubResource,
  wrong,
} from "./client-harness.ts";

const WEB = "10.96.0.1:80";

/** One Frontend in force, that sends to some Backends. */
async function learned(
  ...backends: readonly string[]
): Promise<{ readonly harness: ClientHarness; readonly stream: ScriptedStream }> {
  const harness = new ClientHarness();
  const stream = await harness.connected();
  harness.learn(WEB);
  stream.push("Frontend", [frontendOf(WEB, ...backends)]);
  stream.push(
    "Backend",
    backends.map((name) => backendOf(name)),
  );
  harness.sink.calls.length = 0;
  return { harness, stream };
}

describe("what the controller pushes", () => {
  it("is acknowledged by its nonce", async () => {
    const { stream } = await learned("web");
    const nonce = stream.push("Backend", [backendOf("web", "2")]);
    assert.deepEqual(stream.acknowledgements.at(-1), { nonce, error: undefined });
    assert.equal(stream.requests.at(-1)?.type, "Backend");
  });

  it("takes effect at once where a Backend changes", async () => {
    const { harness, stream } = await learned("web");
    stream.push("Backend", [backendOf("web", "2")]);
    assert.deepEqual(harness.sink.calls, ["+B web@2"]);
  });

  it("changes nothing where the version is in force already", async () => {
    const { harness, stream } = await learned("web");
    stream.push("Backend", [backendOf("web")]);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    assert.deepEqual(harness.sink.calls, []);
    assert.equal(stream.acknowledgements.length, 4);
  });

  it("is not taken where nobody asked for it", async () => {
    const { harness, stream } = await learned("web");
    stream.push("Backend", [backendOf("other")], ["another"]);
    stream.push("Frontend", [frontendOf("10.96.0.9:80", "web")], ["10.96.0.8:80"]);
    stream.push("Self", [{ name: "other", version: "1", content: "zone" }]);
    assert.deepEqual([harness.sink.calls, harness.sink.places], [[], []]);
    assert.equal(stream.acknowledgements.length, 5);
  });

  it("tells where the pod is", async () => {
    const { harness, stream } = await learned("web");
    stream.push("Self", [{ name: "self", version: "1", content: "zone-a" }]);
    stream.push("Self", [], ["self"]);
    assert.deepEqual(harness.sink.places, [{ zone: "zone-a" }]);
  });

  describe("wrong", () => {
    it("is refused with the reason, and the rest of the response taken", async () => {
      const { harness, stream } = await learned("web", "api");
      const nonce = stream.push("Backend", [wrong("web"), backendOf("api", "2")]);
      assert.deepEqual(harness.sink.calls, ["+B api@2"]);
      assert.deepEqual(stream.acknowledgements.at(-1), {
        nonce,
        error: "web (version bad): content: is wrong",
      });
    });

    it("leaves what was good in force, and is told of until good content comes", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Backend", [wrong("web")]);
      stream.push("Frontend", [wrong(WEB)]);
      stream.push("Self", [wrong("self")]);
      assert.deepEqual([...harness.sink.backends], [["web", "1"]]);
      assert.deepEqual([...harness.sink.frontends], [[WEB, "web"]]);
      const reason = "content: is wrong";
      assert.deepEqual(harness.client.describe().rejected, [
        { type: "Backend", name: "web", version: "bad", reason },
        { type: "Frontend", name: WEB, version: "bad", reason },
        { type: "Self", name: "self", version: "bad", reason },
      ]);
      assert.equal(harness.client.statistics.rejectedResources, 3);
      stream.push("Backend", [backendOf("web", "2")]);
      stream.push("Frontend", [frontendOf(WEB, "web")]);
      stream.push("Self", [{ name: "self", version: "1", content: "zone" }]);
      assert.deepEqual(harness.client.describe().rejected, []);
    });

    it("is told of once, however often it changes", async () => {
      const { harness, stream } = await learned("web");
      for (let i = 0; i < 3; i++) {
        stream.push("Backend", [wrong("web", `bad${i}`)]);
        stream.push("Frontend", [wrong(WEB, `bad${i}`)]);
        stream.push("Self", [wrong("self", `bad${i}`)]);
      }
      const warnings = harness.log.lines.filter((line) => line.startsWith("warn"));
      assert.deepEqual([warnings.length, harness.client.statistics.rejectedResources], [3, 9]);
    });

    it("is offered in its last good version on the next stream", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Backend", [wrong("web")]);
      stream.end("failed");
      const next = await harness.reconnect();
      assert.deepEqual(next.offered("Backend"), { web: "1" });
    });
  });

  it("is refused where it would take more names than the controller lets a stream have", async () => {
    const { harness, stream } = await learned("web");
    const names = Array.from({ length: 10_000 }, (_, n) => `b${n}`);
    stream.push("Frontend", [{ name: WEB, version: "many", content: names.join(",") }]);
    harness.clock.advance(10_000);
    assert.match(stream.acknowledgements.at(-1)?.error ?? "", /names 10000 Backends more, too many/);
    assert.deepEqual([...stream.subscribed("Backend")], ["web"]);
    assert.deepEqual(harness.sink.frontends, new Map([[WEB, "web"]]));
    stream.push("Frontend", [{ name: WEB, version: "less", content: names.slice(0, 9_900).join(",") }]);
    assert.equal(stream.acknowledgements.at(-1)?.error, undefined);
  });

  describe("a new Frontend", () => {
    it("takes effect when its Backends are known; the old one holds till then", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Frontend", [frontendOf(WEB, "web", "v2")]);
      assert.deepEqual(harness.sink.calls, []);
      assert.deepEqual([...stream.subscribed("Backend")], ["web", "v2"]);
      harness.clock.advance(1_999);
      assert.deepEqual(harness.sink.calls, []);
      stream.push("Backend", [backendOf("v2")]);
      assert.deepEqual(harness.sink.calls, ["+B v2@1", `+F ${WEB}@web,v2`]);
    });

    it("takes effect after two seconds whether they are known or not", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Frontend", [frontendOf(WEB, "v2")]);
      harness.clock.advance(1_999);
      stream.push("Frontend", [frontendOf(WEB, "v2", "v3")]);
      harness.clock.advance(1);
      assert.deepEqual(harness.sink.calls, [`+F ${WEB}@v2,v3`]);
    });

    it("waits as long as the controller is gone, and two seconds more", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Frontend", [frontendOf(WEB, "v2")]);
      stream.end("failed");
      const next = await harness.reconnect();
      assert.deepEqual(harness.sink.calls, []);
      assert.deepEqual(next.offered("Frontend"), { [WEB]: "v2" });
      next.open();
      harness.clock.advance(1_999);
      assert.deepEqual(harness.sink.calls, []);
      harness.clock.advance(1);
      assert.deepEqual(harness.sink.calls, [`+F ${WEB}@v2`]);
    });

    it("is forgotten when the old one comes back before it took effect", async () => {
      const { harness, stream } = await learned("web");
      stream.push("Frontend", [frontendOf(WEB, "v2")]);
      stream.push("Frontend", [frontendOf(WEB, "web")]);
      harness.clock.advance(10_000);
      assert.deepEqual(harness.sink.calls, []);
      assert.deepEqual([...stream.subscribed("Backend")], ["web"]);
    });

    it("lets the old one's Backends go only when it is in force", async () => {
      const { harness, stream } = await learned("web");
      harness.sink.isPrompt = false;
      stream.push("Frontend", [frontendOf(WEB, "v2")]);
      stream.push("Backend", [backendOf("v2")]);
      stream.push("Frontend", [frontendOf(WEB, "v3")]);
      stream.push("Backend", [backendOf("v3")]);
      harness.clock.advance(60_000);
      assert.deepEqual([...harness.sink.backends.keys()], ["web", "v2", "v3"]);
      harness.sink.finish();
      harness.clock.advance(5_000);
      assert.deepEqual([...harness.sink.backends.keys()], ["v3"]);
      assert.deepEqual([...stream.subscribed("Backend")], ["v3"]);
    });
  });

  describe("a Backend that no Frontend names any more", () => {
    it("goes a while later", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Frontend", [frontendOf(WEB, "web")]);
      harness.clock.advance(4_999);
      assert.deepEqual([...stream.subscribed("Backend")], ["web", "old"]);
      harness.clock.advance(1);
      assert.deepEqual(harness.sink.calls, [`+F ${WEB}@web`, "-B old"]);
      assert.deepEqual([...stream.subscribed("Backend")], ["web"]);
      assert.equal(harness.clock.timers, 0);
    });

    it("stays when a Frontend names it again", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Frontend", [frontendOf(WEB, "web")]);
      stream.push("Frontend", [frontendOf(WEB, "web", "old")]);
      harness.clock.advance(60_000);
      assert.deepEqual(harness.sink.calls, [`+F ${WEB}@web`, `+F ${WEB}@web,old`]);
    });

    it("is asked for anew when it is named after it went", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Frontend", [frontendOf(WEB, "web")]);
      harness.clock.advance(5_000);
      stream.push("Frontend", [frontendOf(WEB, "old")]);
      assert.deepEqual([...stream.subscribed("Backend")], ["web", "old"]);
      stream.push("Backend", [backendOf("old")]);
      assert.deepEqual(harness.sink.calls.slice(-2), ["+B old@1", `+F ${WEB}@old`]);
    });
  });

  describe("the end of a Backend", () => {
    it("waits for the Frontends that name it, but not for long", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Backend", [], ["old"]);
      harness.clock.advance(1_999);
      assert.deepEqual(harness.sink.calls, []);
      harness.clock.advance(1);
      assert.deepEqual(harness.sink.calls, ["-B old"]);
    });

    it("is taken back by new content", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Backend", [], ["old"]);
      stream.push("Backend", [backendOf("old", "2")]);
      harness.clock.advance(60_000);
      assert.deepEqual(harness.sink.calls, ["+B old@2"]);
    });

    it("does not come while the controller is gone", async () => {
      const { harness, stream } = await learned("web", "old");
      stream.push("Backend", [], ["old"]);
      stream.end("failed");
      const next = await harness.reconnect();
      assert.deepEqual(harness.sink.calls, []);
      assert.deepEqual(next.offered("Backend"), { web: "1" });
      next.open().push("Backend", [], ["old"]);
      harness.clock.advance(2_000);
      assert.deepEqual(harness.sink.calls, ["-B old"]);
    });
  });

  it("takes a Frontend out that the controller has no more, and its Backends after it", async () => {
    const { harness, stream } = await learned("web");
    stream.push("Frontend", [], [WEB]);
    assert.deepEqual(harness.sink.calls, [`-F ${WEB}`]);
    assert.equal(harness.client.knows(WEB), "unknown-to-controller");
    harness.clock.advance(5_000);
    assert.deepEqual(harness.sink.calls, [`-F ${WEB}`, "-B web"]);
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
  });
});

describe("destinations that are not used any more", () => {
  it("are unsubscribed from and taken out", async () => {
    const { harness, stream } = await learned("web");
    harness.client.forget([WEB, "10.96.0.9:80"]);
    assert.deepEqual(harness.sink.calls, [`-F ${WEB}`]);
    assert.deepEqual([...stream.subscribed("Frontend")], []);
    assert.equal(harness.client.knows(WEB), "not-learned");
    harness.clock.advance(5_000);
    assert.deepEqual(harness.sink.calls, [`-F ${WEB}`, "-B web"]);
    assert.deepEqual([...stream.subscribed("Backend")], []);
    assert.equal(harness.clock.timers, 0);
  });

  it("are learned anew when they are dialled again", async () => {
    const { harness, stream } = await learned("web");
    harness.client.forget([WEB]);
    const { outcomes } = harness.learn(WEB);
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    assert.deepEqual(outcomes, ["known"], "the Backend was there still");
  });

  it("stay while the controller is gone, and while a connection waits", async () => {
    const { harness, stream } = await learned("web");
    const { outcomes } = harness.learn("10.96.0.2:80");
    harness.client.forget(["10.96.0.2:80"]);
    stream.end("failed");
    harness.client.forget([WEB]);
    assert.deepEqual([harness.sink.calls, outcomes], [[], ["unknown"]]);
    const next = await harness.reconnect();
    assert.deepEqual([...next.subscribed("Frontend")], [WEB, "10.96.0.2:80"]);
  });
});

describe("a stream without room", () => {
  it("gets the acknowledgement, and the rest when there is room again", async () => {
    const { harness, stream } = await learned("web");
    stream.hasRoom = false;
    const resources: StubResource[] = [frontendOf(WEB, "v2")];
    stream.push("Frontend", resources);
    assert.deepEqual([...stream.subscribed("Backend")], ["web"]);
    harness.learn("10.96.0.2:80");
    harness.client.forget(["10.96.0.2:80"]);
    stream.makeRoom();
    assert.deepEqual([...stream.subscribed("Backend")], ["web", "v2"]);
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB, "10.96.0.2:80"]);
  });

  it("is not told of names that came and went meanwhile", async () => {
    const { harness, stream } = await learned("web");
    stream.hasRoom = false;
    stream.push("Self", []);
    harness.learn("10.96.0.2:80").cancel?.();
    harness.client.forget(["10.96.0.2:80"]);
    const before = stream.requests.length;
    stream.makeRoom();
    assert.equal(stream.requests.length, before);
  });

  it("is told in parts of 512 names", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    for (let i = 0; i < 1_000; i++) harness.learn(`10.97.0.1:${i}`);
    await harness.settle();
    const sizes = harness.stream.requests.map(({ type, subscribe }) => `${type} ${subscribe.length}`);
    assert.deepEqual(sizes, ["Self 1", "Frontend 512", "Frontend 488"]);
  });
});
