import assert from "node:assert/strict";
import { createWatchApi } from "../../src/kubernetes/http-api.ts";
import { startReflector } from "../../src/kubernetes/reflector.ts";
import { type Answer, json, LocalApiServer } from "./local-api-server.ts";
import { Surroundings } from "./reflector-harness.ts";
import { rawObject } from "./scripted-api.ts";

const services = { group: "", version: "v1", plural: "services" };

describe("a reflector on the wire", () => {
  it("cuts the connection of a watch that is silent, and goes on over another", async () => {
    await using server = await LocalApiServer.start();

    const watch =
      (...events: readonly object[]): Answer =>
      (response) => {
        response.writeHead(200);
        response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
        response.flushHeaders();
      };
    const added = { type: "ADDED", object: rawObject("b", "11") };
    server.answer(
      json(200, { metadata: { resourceVersion: "10" }, items: [rawObject("a", "3")] }),
      watch(added),
      watch({ type: "ADDED", object: rawObject("c", "12") }),
    );
    const surroundings = new Surroundings();
    const changed = { first: Promise.withResolvers<void>(), last: Promise.withResolvers<void>() };
    const reflector = startReflector<string>({
      ...surroundings.base,
      api: createWatchApi(server.config()),
      resource: services,
      onChanges: (changes) => {
        surroundings.base.onChanges(changes);
        if (changes.some(({ key }) => key === "shop/b")) changed.first.resolve();
        if (changes.some(({ key }) => key === "shop/c")) changed.last.resolve();
      },
    });
    await changed.first.promise;
    const [silent] = server.sockets;
    const closed = new Promise((resolve) => silent?.on("close", resolve));
    surroundings.clock.advance(130_000);
    await closed;
    while (reflector.statistics.state !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    surroundings.clock.advance(150);
    await changed.last.promise;
    assert.deepEqual(surroundings.batches.flat(), ["+shop/a=a", "+shop/b=b", "+shop/c=c"]);
    assert.match(server.requests[2]?.url ?? "", /resourceVersion=11&/);
    assert.equal(reflector.statistics.watchEnds.stalled, 1);
    await reflector.stop();
    await server.hasConnections(0);
  });
});
