import assert from "node:assert/strict";
import { backendOf, ClientHarness, frontendOf, wrong } from "./client-harness.ts";

const WEB = "10.96.0.1:80";
const API = "10.96.0.2:80";

describe("learning a destination", () => {
  it("asks for Self first, and for the Frontend when it is dialled", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    assert.deepEqual([...stream.subscribed("Self")], ["self"]);
    assert.equal(stream.requests.length, 1);
    harness.learn(WEB);
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
  });

  it("settles once the Frontend and all its Backends are in force", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [frontendOf(WEB, "web", "canary")]);
    assert.deepEqual([...stream.subscribed("Backend")], ["web", "canary"]);
    stream.push("Backend", [backendOf("web")]);
    assert.deepEqual([outcomes, harness.client.knows(WEB)], [[], "not-learned"]);
    stream.push("Backend", [backendOf("canary")]);
    assert.deepEqual([outcomes, harness.client.knows(WEB)], [["known"], "known"]);
    assert.deepEqual(harness.sink.calls, ["+B web@1", "+B canary@1", `+F ${WEB}@web,canary`]);
    assert.equal(harness.clock.timers, 0);
  });

  it("takes a Backend that the controller has not as known", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [frontendOf(WEB, "web", "gone")]);
    stream.push("Backend", [backendOf("web")], ["gone"]);
    assert.deepEqual(outcomes, ["known"]);
  });

  it("lets through as long as the Service's own Backend can't be used, whatever else is there", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [frontendOf(WEB, "web", "canary")]);
    stream.push("Backend", [backendOf("canary"), wrong("web")]);
    harness.clock.advance(10_000);
    assert.deepEqual(outcomes, ["unknown"]);
    assert.equal(harness.client.knows(WEB), "not-learned");
    assert.deepEqual(harness.sink.calls, ["+B canary@1"]);
    stream.push("Frontend", [frontendOf(WEB, "web", "canary", "other")]);
    stream.push("Backend", [backendOf("web", "2")]);
    harness.clock.advance(2_000);
    assert.equal(harness.client.knows(WEB), "known");
  });

  it("waits until the sink has compiled the Frontend", async () => {
    const harness = new ClientHarness();
    harness.sink.isPrompt = false;
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    stream.push("Backend", [backendOf("web")]);
    const second = harness.learn(WEB);
    assert.deepEqual([outcomes, second.outcomes], [[], []]);
    harness.sink.finish();
    assert.deepEqual([outcomes, second.outcomes], [["known"], ["known"]]);
  });

  it("remembers that the controller knows of no such destination", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [], [WEB]);
    assert.deepEqual(outcomes, ["unknown"]);
    assert.equal(harness.client.knows(WEB), "unknown-to-controller");
    const asked = stream.requests.length;
    assert.deepEqual(harness.learn(WEB).outcomes, ["at once"]);
    assert.equal(stream.requests.length, asked);
    assert.deepEqual(harness.client.describe().unknown, [WEB]);
  });

  it("learns of a Service that comes later as soon as the controller does", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    harness.learn(WEB);
    stream.push("Frontend", [], [WEB]);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    stream.push("Backend", [backendOf("web")]);
    assert.equal(harness.client.knows(WEB), "known");
    assert.deepEqual(harness.client.describe().unknown, []);
  });

  it("waits a second at most, then lets all others through and learns on", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const first = harness.learn(WEB);
    harness.clock.advance(600);
    const second = harness.learn(WEB);
    harness.clock.advance(399);
    assert.deepEqual([first.outcomes, second.outcomes], [[], []]);
    harness.clock.advance(1);
    assert.deepEqual([first.outcomes, second.outcomes], [["unknown"], ["unknown"]]);
    assert.deepEqual(harness.learn(WEB).outcomes, ["at once"]);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    stream.push("Backend", [backendOf("web")]);
    assert.equal(harness.client.knows(WEB), "known");
  });

  it("waits again for what was late, once the controller has answered half", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    harness.learn(WEB);
    harness.clock.advance(1_000);
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    const { outcomes } = harness.learn(WEB);
    stream.push("Backend", [backendOf("web")]);
    assert.deepEqual(outcomes, ["known"]);
  });

  it("settles when what came can't be used", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.push("Frontend", [wrong(WEB)]);
    assert.deepEqual(outcomes, ["unknown"]);
    assert.deepEqual(harness.learn(WEB).outcomes, ["at once"]);
    assert.equal(harness.client.knows(WEB), "not-learned");
    stream.push("Frontend", [frontendOf(WEB, "web")]);
    stream.push("Backend", [backendOf("web")]);
    assert.equal(harness.client.knows(WEB), "known");
  });

  it("ends a wait without a word when it is cancelled", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const first = harness.learn(WEB);
    const second = harness.learn(WEB);
    first.cancel?.();
    first.cancel?.();
    assert.equal(harness.client.sizes["waitingConnections"], 1);
    second.cancel?.();
    assert.equal(harness.clock.timers, 0);
    stream.push("Frontend", [], [WEB]);
    assert.deepEqual([first.outcomes, second.outcomes], [[], []]);
  });

  it("waits during the first attempt to connect", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    const { outcomes } = harness.learn(WEB);
    await harness.settle();
    assert.deepEqual([...harness.stream.subscribed("Frontend")], [WEB]);
    harness.stream.open();
    harness.stream.push("Frontend", [frontendOf(WEB, "web")]);
    harness.stream.push("Backend", [backendOf("web")]);
    assert.deepEqual(outcomes, ["known"]);
  });

  it("lets through at once when the first attempt fails, and asks when there is a stream", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    await harness.settle();
    const { outcomes } = harness.learn(WEB);
    harness.stream.end("failed");
    assert.deepEqual(outcomes, ["unknown"]);
    assert.deepEqual(harness.learn(API).outcomes, ["at once"]);
    const stream = await harness.reconnect();
    assert.deepEqual([...stream.subscribed("Frontend")], [WEB, API]);
  });

  it("waits on while the stream moves to another replica", async () => {
    const harness = new ClientHarness();
    const stream = await harness.connected();
    const { outcomes } = harness.learn(WEB);
    stream.end("moved");
    assert.deepEqual([outcomes, harness.learn(API).outcomes], [[], []]);
    harness.clock.advance(510);
    await harness.settle();
    harness.stream.open();
    harness.stream.push("Frontend", [frontendOf(WEB, "web")]);
    harness.stream.push("Backend", [backendOf("web")]);
    assert.deepEqual(outcomes, ["known"]);
  });

  it("has nothing to wait for once it is stopped", async () => {
    const harness = new ClientHarness();
    await harness.connected();
    const { outcomes } = harness.learn(WEB);
    await harness.client.stop();
    assert.deepEqual(outcomes, ["unknown"]);
    assert.equal(harness.clock.timers, 0);
    assert.equal(harness.stream.isClosed, true);
  });

  describe("when a program dials ever new addresses", () => {
    it("asks for as many as it has room for, and lets the rest through", async () => {
      const harness = new ClientHarness();
      const stream = await harness.connected();
      const learned = Array.from({ length: 5_000 }, (_, i) => harness.learn(`10.97.0.1:${i}`));
      const refused = learned.filter(({ outcomes }) => outcomes[0] === "at once");
      assert.equal(refused.length, 5_000 - 1_024);
      assert.equal(stream.subscribed("Frontend").size, 1_024);
      assert.equal(harness.client.sizes["unlearnedFrontends"], 1_024);
      stream.push("Frontend", [], [...stream.subscribed("Frontend")]);
      assert.equal(harness.client.sizes["unlearnedFrontends"], 1_024);
    });

    it("gives up those that were used least lately for new ones", async () => {
      const harness = new ClientHarness();
      const stream = await harness.connected();
      for (let i = 0; i < 1_024; i++) harness.learn(`10.97.0.1:${i}`);
      stream.push("Frontend", [], [...stream.subscribed("Frontend")]);
      harness.clock.advance(9_000);
      harness.learn("10.97.0.1:0");
      harness.clock.advance(1_000);
      harness.learn(WEB);
      const names = stream.subscribed("Frontend");
      assert.deepEqual(
        [names.has(WEB), names.has("10.97.0.1:0"), names.has("10.97.0.1:1"), names.size],
        [true, true, false, 1_024],
      );
    });

    it("gives up what nobody dialled for ten minutes", async () => {
      const harness = new ClientHarness();
      const stream = await harness.connected();
      for (let i = 0; i < 10; i++) harness.learn(`10.97.0.1:${i}`);
      stream.push("Frontend", [], [...stream.subscribed("Frontend")]);
      harness.clock.advance(600_000);
      harness.learn(WEB);
      assert.deepEqual([...stream.subscribed("Frontend")], [WEB]);
    });
  });
});
