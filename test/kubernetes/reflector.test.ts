import assert from "node:assert/strict";
import { ApiError } from "../../src/kubernetes/api-error.ts";
import type { ReflectorOptions } from "../../src/kubernetes/reflector.ts";
import { Scene } from "./reflector-harness.ts";
import { bookmark, rawObject, settled, type WatchCall } from "./scripted-api.ts";

const expired = new ApiError("too old resource version", { status: 410, reason: "Expired" });
const broken = new ApiError("read ECONNRESET", { reason: "ECONNRESET" });

const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version: 10 (42)" };

describe("reflector: lists", () => {
  it("hands a list over as one batch, then watches from its version", async () => {
    const scene = new Scene();
    const list = scene.api.nextList();
    assert.deepEqual(list.request, {
      resource: { group: "", version: "v1", plural: "services" },
      limit: 500,
    });
    list.items(rawObject("a", "3"), rawObject("b", "4"));
    assert.equal(scene.reflector.isSynced, false);
    assert.deepEqual(scene.takeBatches(), []);
    await list.end("10");
    await scene.reflector.synced;
    assert.equal(scene.reflector.isSynced, true);
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a", "+shop/b=b"]]);
    const { request } = scene.api.nextWatch();
    assert.equal(request.resourceVersion, "10");
    assert.deepEqual(scene.states, ["watching"]);
    assert.equal(scene.reflector.statistics.objects, 2);
    assert.deepEqual(scene.reflector.statistics.lists, {
      start: 1,
      expired: 0,
      refused: 0,
      silent: 0,
      malformed: 0,
    });
    await scene.reflector.stop();
  });

  it("is in sync with an empty list, and hands none over", async () => {
    const scene = new Scene();
    await scene.api.nextList().end("10");
    await scene.reflector.synced;
    assert.deepEqual(scene.takeBatches(), []);
    await scene.reflector.stop();
  });

  it("asks for what was selected, in lists and watches", async () => {
    const selection = { namespace: "shop", fieldSelector: "metadata.name=x", labelSelector: "app=a" };
    const { scene, watch } = await Scene.watching([], selection);
    const resource = { group: "", version: "v1", plural: "services" };
    assert.deepEqual(watch.request, { resource, ...selection, resourceVersion: "10", timeoutSeconds: 450 });
    await watch.fail(expired);
    assert.deepEqual(scene.api.nextList().request, { resource, ...selection, limit: 500 });
    await scene.reflector.stop();
  });

  it("takes all pages before it hands any over, and watches from the version of the first", async () => {
    const scene = new Scene();
    const first = scene.api.nextList();
    first.items(rawObject("a", "3"));
    await first.end("10", "page-2");
    const second = scene.api.nextList();
    assert.equal(second.request.continueToken, "page-2");
    assert.equal(second.request.limit, 500);
    second.items(rawObject("b", "4"));
    assert.deepEqual(scene.takeBatches(), []);
    await second.end("11");
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a", "+shop/b=b"]]);
    assert.equal(scene.api.nextWatch().request.resourceVersion, "10");
    await scene.reflector.stop();
  });

  it("begins anew at once when a page's token is too old, then asks for all in one", async () => {
    const scene = new Scene();
    const stale = scene.api.nextList();
    stale.items(rawObject("gone", "1"));
    await stale.end("10", "page-2");
    await scene.api.nextList().fail(expired);
    const again = scene.api.nextList();
    assert.equal(again.request.continueToken, undefined);
    assert.equal(again.request.limit, 500);
    await again.end("20", "page-2");
    await scene.api.nextList().fail(expired);
    const whole = scene.api.nextList();
    assert.equal(whole.request.continueToken, undefined);
    assert.equal(whole.request.limit, undefined);
    whole.items(rawObject("a", "3"));
    await whole.end("30");
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a"]]);
    assert.equal(scene.api.nextWatch().request.resourceVersion, "30");
    assert.equal(scene.reflector.statistics.errors, 0);
    await scene.reflector.stop();
  });

  it("does not ask for pages for ever where even one page comes in pieces that expire", async () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++) {
      await scene.api.nextList().end("10", "page-2");
      await scene.api.nextList().fail(expired);
    }
    scene.api.assertNothingAsked();
    assert.equal(scene.reflector.statistics.state, "waiting");
    await scene.reflector.stop();
  });

  it("tries again later when a page fails, from the first page on", async () => {
    const scene = new Scene();
    await scene.api.nextList().end("10", "page-2");
    await scene.api.nextList().fail(broken);
    scene.api.assertNothingAsked();
    assert.equal(scene.reflector.statistics.state, "waiting");
    assert.equal(scene.reflector.statistics.lastError, "read ECONNRESET");
    await scene.pass(149);
    scene.api.assertNothingAsked();
    await scene.pass(1);
    assert.equal(scene.api.nextList().request.continueToken, undefined);
    await scene.reflector.stop();
  });

  it("doubles its patience up to 30 s", async () => {
    const scene = new Scene();
    scene.random = 0.999_999;
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      await scene.api.nextList().fail(broken);
      const start = scene.clock.time;
      while (scene.clock.timers > 0 && scene.reflector.statistics.state === "waiting") await scene.pass(100);
      waits.push(scene.clock.time - start);
    }
    assert.deepEqual(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    await scene.reflector.stop();
  });

  it("leaves the server alone for as long as it asks", async () => {
    const scene = new Scene();
    scene.random = 0;
    await scene.api
      .nextList()
      .fail(new ApiError("too many", { status: 429, reason: "TooManyRequests", retryAfterSeconds: 7 }));
    await scene.pass(6_999);
    scene.api.assertNothingAsked();
    await scene.pass(1);
    scene.api.nextList();
    await scene.reflector.stop();
  });

  it("gives up a list from which nothing comes for 65 s, however long it takes as a whole", async () => {
    const scene = new Scene();
    const list = scene.api.nextList();
    for (let i = 0; i < 10; i++) {
      await scene.pass(64_000);
      list.items(rawObject(`object-${i}`, "3"));
    }
    await scene.pass(64_999);
    assert.equal(list.signal.aborted, false);
    await scene.pass(1);
    assert.equal(list.signal.aborted, true);
    assert.equal(scene.reflector.statistics.lastError, "the API server said nothing for too long");
    list.items(rawObject("late", "3"));
    await scene.pass(1_000);
    await scene.api.nextList().end("10");
    assert.deepEqual(scene.takeBatches(), []);
    await scene.reflector.stop();
  });
});

describe("reflector: watches", () => {
  it("hands over what comes together as one batch", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3"), rawObject("b", "4")]);
    await watch.send(
      ["ADDED", rawObject("c", "11")],
      ["MODIFIED", rawObject("a", "12", { value: "new" })],
      ["DELETED", rawObject("b", "13")],
    );
    assert.deepEqual(scene.takeBatches(), [["+shop/c=c", "+shop/a=new", "-shop/b"]]);
    assert.equal(scene.reflector.statistics.events, 3);
    assert.equal(scene.reflector.statistics.objects, 2);
    await scene.reflector.stop();
  });

  it("says nothing of what changes nothing", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3")], {
      isSame: (before, after) => before === after,
    });
    await watch.send(
      ["ADDED", rawObject("a", "3")],
      ["MODIFIED", rawObject("a", "11")],
      ["DELETED", rawObject("never-there", "12")],
      ["ADDED", rawObject("of-no-interest", "13", { value: "ignore" })],
      bookmark("14"),
    );
    assert.deepEqual(scene.takeBatches(), []);
    await watch.send(["MODIFIED", rawObject("a", "15", { value: "new" })]);
    assert.deepEqual(scene.takeBatches(), [["+shop/a=new"]]);
    await scene.reflector.stop();
  });

  it("takes an object that is no longer of interest for deleted", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3")]);
    await watch.send(["MODIFIED", rawObject("a", "11", { value: "ignore" })]);
    assert.deepEqual(scene.takeBatches(), [["-shop/a"]]);
    await scene.reflector.stop();
  });

  it("knows objects without a namespace by their name", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.send(["ADDED", { metadata: { name: "shop", resourceVersion: "11" } }]);
    assert.deepEqual(scene.takeBatches(), [["+/shop=shop"]]);
    await scene.reflector.stop();
  });

  it("goes on at once from the last event when the server ends a watch", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.send(["ADDED", rawObject("a", "11")]);
    await watch.end();
    assert.equal(scene.api.nextWatch().request.resourceVersion, "11");
    assert.equal(scene.reflector.statistics.watchEnds.ended, 1);
    assert.equal(scene.reflector.statistics.errors, 0);
    await scene.reflector.stop();
  });

  it("goes on from the last bookmark", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.send(["ADDED", rawObject("a", "11")], bookmark("99"));
    await watch.end();
    assert.equal(scene.api.nextWatch().request.resourceVersion, "99");
    assert.equal(scene.reflector.statistics.bookmarks, 1);
    await scene.reflector.stop();
  });

  it("asks the server to end a watch after 5 to 10 minutes", async () => {
    const seconds: number[] = [];
    for (const random of [0, 0.999_999]) {
      const scene = new Scene();
      scene.random = random;
      await scene.api.nextList().end("10");
      seconds.push(scene.api.nextWatch().request.timeoutSeconds);
      await scene.reflector.stop();
    }
    assert.deepEqual(seconds, [300, 600]);
  });

  it("backs off from a server that ends watches at once", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.end();
    scene.api.assertNothingAsked();
    await scene.pass(150);
    await scene.api.nextWatch().end();
    await scene.pass(299);
    scene.api.assertNothingAsked();
    await scene.pass(1);
    assert.equal(scene.api.nextWatch().request.resourceVersion, "10");
    await scene.reflector.stop();
  });

  it("goes on from where it was after any other failure, and forgets failures once a watch holds", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.fail(broken);
    await scene.pass(150);
    await scene.api.nextUnopened().fail(new ApiError("refused", { reason: "ECONNREFUSED" }));
    await scene.pass(300);
    await scene.api.nextUnopened().fail(new Error("not of the API"));
    await scene.pass(600);
    const good = scene.api.nextWatch();
    await scene.pass(5_000);
    await good.fail(broken);
    await scene.pass(150);
    const next = scene.api.nextWatch();
    assert.equal(next.request.resourceVersion, "10");
    assert.equal(scene.reflector.statistics.watchEnds.failed, 4);
    assert.equal(scene.reflector.statistics.errors, 4);
    await scene.reflector.stop();
  });

  it("takes an ERROR event for the failure that it tells of", async () => {
    const { scene, watch } = await Scene.watching();
    const details = { retryAfterSeconds: 3 };
    await watch.send(
      ["ADDED", rawObject("a", "11")],
      ["ERROR", { code: 503, reason: "ServiceUnavailable", message: "etcd has no leader", details }],
      ["ADDED", rawObject("b", "12")],
    );
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a"]]);
    assert.equal(watch.signal.aborted, true);
    assert.equal(scene.reflector.statistics.lastError, "etcd has no leader");
    await scene.pass(2_999);
    scene.api.assertNothingAsked();
    await scene.pass(1_000);
    assert.equal(scene.api.nextWatch().request.resourceVersion, "11");
    await scene.reflector.stop();
  });

  it("takes nothing that comes after it gave a watch up", async () => {
    const { scene, watch } = await Scene.watching();
    await scene.pass(130_000);
    await watch.send(["ADDED", rawObject("late", "11")]);
    assert.deepEqual(scene.takeBatches(), []);
    await scene.reflector.stop();
  });
});

describe("reflector: versions that are too old", () => {
  const ways = [
    { name: "as an ERROR event", tell: (watch: WatchCall) => watch.send(["ERROR", gone]) },
    { name: "as the answer", tell: (watch: WatchCall) => watch.fail(expired) },
  ];
  for (const { name, tell } of ways) {
    it(`lists anew at once, and hands over what differs, deletes included (${name})`, async () => {
      const objects = [rawObject("same", "1"), rawObject("changed", "2"), rawObject("deleted", "3")];
      const { scene, watch } = await Scene.watching(objects);
      await tell(watch);
      const list = scene.api.nextList();
      list.items(
        rawObject("same", "1"),
        rawObject("changed", "20", { value: "new" }),
        rawObject("added", "21"),
      );
      await list.end("30");
      assert.deepEqual(scene.takeBatches(), [["-shop/deleted", "+shop/changed=new", "+shop/added=added"]]);
      assert.equal(scene.api.nextWatch().request.resourceVersion, "30");
      assert.equal(scene.reflector.statistics.lists.expired, 1);
      assert.equal(scene.reflector.statistics.watchEnds.expired, 1);
      assert.equal(scene.reflector.statistics.errors, 0);
      await scene.reflector.stop();
    });
  }

  it("backs off when the new version is too old as well", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.send(["ERROR", gone]);
    await scene.api.nextList().end("20");
    await scene.api.nextWatch().send(["ERROR", gone]);
    scene.api.assertNothingAsked();
    await scene.pass(300);
    await scene.api.nextList().end("30");
    assert.equal(scene.api.nextWatch().request.resourceVersion, "30");
    await scene.reflector.stop();
  });

  it("lists anew, after a pause, when the server refuses the version", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.fail(new ApiError("invalid resource version", { status: 400, reason: "BadRequest" }));
    scene.api.assertNothingAsked();
    await scene.pass(150);
    await scene.api.nextList().end("5");
    assert.equal(scene.reflector.statistics.lists.refused, 1);
    await scene.reflector.stop();
  });
});

describe("reflector: silence", () => {
  it("cuts a watch that nobody agrees to within 30 s", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.fail(broken);
    await scene.pass(150);
    const silent = scene.api.nextUnopened();
    await scene.pass(29_999);
    assert.equal(silent.signal.aborted, false);
    await scene.pass(1);
    assert.equal(silent.signal.aborted, true);
    await scene.pass(300);
    assert.equal(scene.api.nextUnopened().request.resourceVersion, "10");
    assert.equal(scene.reflector.statistics.watchEnds.stalled, 1);
    await scene.reflector.stop();
  });

  it("keeps a watch for hours that brings a bookmark now and then", async () => {
    const { scene, watch } = await Scene.watching();
    for (let minute = 0; minute < 300; minute++) {
      await scene.pass(75_000);
      await watch.send(bookmark(String(20 + minute)));
    }
    assert.equal(watch.signal.aborted, false);
    assert.ok(scene.clock.wakeUps < 400);
    await scene.reflector.stop();
  });

  it("keeps a watch whose bytes come, but no whole event yet", async () => {
    const { scene, watch } = await Scene.watching();
    await scene.pass(100_000);
    await watch.send();
    await scene.pass(100_000);
    assert.equal(watch.signal.aborted, false);
    assert.equal(scene.reflector.statistics.lastHeardMs, scene.clock.time - 100_000);
    await scene.reflector.stop();
  });

  it("cuts a watch that is silent for 130 s and goes on from where it was", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.send(bookmark("15"));
    await scene.pass(129_999);
    assert.equal(watch.signal.aborted, false);
    await scene.pass(1);
    assert.equal(watch.signal.aborted, true);
    await scene.pass(150);
    assert.equal(scene.api.nextWatch().request.resourceVersion, "15");
    assert.equal(scene.reflector.statistics.watchEnds.stalled, 1);
    await scene.reflector.stop();
  });

  it("lists anew after two watches in a row without a sign of life", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3")]);
    await scene.pass(100_000);
    await watch.end();
    scene.api.nextWatch();
    await scene.pass(130_000);
    await scene.pass(150);
    const list = scene.api.nextList();
    list.items(rawObject("a", "2", { value: "of the past" }));
    await list.end("5");
    assert.deepEqual(scene.takeBatches(), [["+shop/a=of the past"]]);
    assert.equal(scene.reflector.statistics.lists.silent, 1);
    await scene.reflector.stop();
  });

  it("counts silent watches from the last sign of life on", async () => {
    const { scene, watch } = await Scene.watching();
    await scene.pass(100_000);
    await watch.end();
    const second = scene.api.nextWatch();
    await second.send(bookmark("11"));
    await scene.pass(100_000);
    await second.end();
    const third = scene.api.nextWatch();
    await scene.pass(100_000);
    await third.end();
    scene.api.nextWatch();
    await scene.reflector.stop();
  });
});

describe("reflector: nonsense", () => {
  const nonsense = [
    { name: "no object", object: undefined },
    { name: "a number", object: 7 },
    { name: "no metadata", object: {} },
    { name: "no name", object: { metadata: { resourceVersion: "11" } } },
    { name: "no version", object: { metadata: { name: "a" } } },
    {
      name: "a namespace that is no text",
      object: { metadata: { name: "a", namespace: 7, resourceVersion: "1" } },
    },
  ];
  for (const { name, object } of nonsense) {
    it(`counts an item with ${name} and goes on`, async () => {
      const scene = new Scene();
      const list = scene.api.nextList();
      list.items(object, rawObject("good", "3"));
      await list.end("10");
      assert.deepEqual(scene.takeBatches(), [["+shop/good=good"]]);
      assert.equal(scene.reflector.statistics.malformed, 1);
      await scene.reflector.stop();
    });

    it(`counts an event with ${name}, and lists anew after the watch`, async () => {
      const { scene, watch } = await Scene.watching();
      await watch.send(["ADDED", object], ["ADDED", rawObject("good", "12")]);
      assert.deepEqual(scene.takeBatches(), [["+shop/good=good"]]);
      assert.equal(scene.reflector.statistics.malformed, 1);
      await watch.end();
      await scene.api.nextList().end("20");
      assert.equal(scene.reflector.statistics.lists.malformed, 1);
      await scene.api.nextWatch().send(bookmark("21"));
      await scene.reflector.stop();
    });
  }

  it("counts broken lines and events of unknown types", async () => {
    const { scene, watch } = await Scene.watching();
    await watch.sendMalformed();
    await watch.send(["EXPLODED", rawObject("a", "11")]);
    assert.equal(scene.reflector.statistics.malformed, 2);
    assert.deepEqual(scene.takeBatches(), []);
    await watch.end();
    scene.api.nextList();
    await scene.reflector.stop();
  });

  it("leaves an object as it was when read throws", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3")]);
    await watch.send(
      ["MODIFIED", rawObject("a", "11", { value: "throw" })],
      ["ADDED", rawObject("b", "12", { value: "throw" })],
      ["ADDED", rawObject("c", "13")],
    );
    assert.deepEqual(scene.takeBatches(), [["+shop/c=c"]]);
    await watch.send(["ERROR", gone]);
    const list = scene.api.nextList();
    list.items(rawObject("a", "11", { value: "throw" }), rawObject("c", "13"));
    await list.end("20");
    assert.deepEqual(scene.takeBatches(), []);
    assert.equal(scene.reflector.statistics.skipped, 3);
    assert.equal(scene.reflector.statistics.objects, 2);
    assert.deepEqual(scene.log.filter(({ level }) => level === "error").map(({ fields }) => fields)[0], {
      resource: "services",
      key: "shop/a",
      error: "can't read this",
    });
    await scene.reflector.stop();
  });

  it("goes on when a handler throws", async () => {
    const seen: string[] = [];
    const { scene, watch } = await Scene.watching([], {
      onChanges: (changes) => {
        seen.push(...changes.map(({ key }) => key));
        throw new Error("handler");
      },
      onState: () => {
        throw new Error("handler");
      },
    });
    await watch.send(["ADDED", rawObject("a", "11")]);
    await watch.send(["ADDED", rawObject("b", "12")]);
    assert.deepEqual(seen, ["shop/a", "shop/b"]);
    assert.equal(scene.reflector.statistics.handlerErrors, 3);
    await scene.reflector.stop();
  });

  const defects: readonly { readonly name: string; readonly more: Partial<ReflectorOptions<string>> }[] = [
    {
      name: "the source of random numbers",
      more: {
        random: once(() => {
          throw new Error("defect");
        }, 0.5),
      },
    },
    {
      name: "the log",
      more: {
        log: {
          info: once(() => {
            throw new Error("defect");
          }, undefined),
          warn: () => {},
          error: () => {},
        },
      },
    },
  ];
  for (const { name, more } of defects) {
    it(`goes on when ${name} throws, after a pause`, async () => {
      const scene = new Scene(more);
      await scene.api.nextList().end("10");
      assert.equal(scene.reflector.statistics.lastError, "defect");
      assert.equal(scene.reflector.statistics.state, "waiting");
      await scene.pass(5_000);
      assert.equal(scene.api.nextWatch().request.resourceVersion, "10");
      await scene.reflector.stop();
    });
  }

  it("hands over what it took in before a defect", async () => {
    const fail = once(() => {
      throw new Error("defect");
    }, undefined);
    const log = { info: (): void => {}, warn: (): void => {}, error: fail };
    const { scene, watch } = await Scene.watching([], { log });
    const events = [rawObject("a", "11"), rawObject("b", "12", { value: "throw" })];
    assert.throws(() =>
      watch.observer.onEvents(events.map((object) => ({ kind: "event", type: "ADDED", object }))),
    );
    assert.deepEqual(scene.takeBatches(), [["+shop/a=a"]]);
    await scene.reflector.stop();
  });

  it("can be stopped by what makes it fail", async () => {
    const stops: Promise<void>[] = [];
    const scene: Scene = new Scene({
      random: () => {
        stops.push(scene.reflector.stop());
        throw new Error("defect");
      },
    });
    await scene.api.nextList().end("10");
    await Promise.all(stops);
    assert.equal(scene.clock.timers, 0);
  });

  /** Does something the first time, and yields the value from then on. */
  function once<T>(first: () => never, value: T): () => T {
    let isFirst = true;
    return () => {
      if (!isFirst) return value;
      isFirst = false;
      return first();
    };
  }
});

describe("reflector: stop", () => {
  it("ends a list", async () => {
    const scene = new Scene();
    const list = scene.api.nextList();
    list.items(rawObject("a", "3"));
    await scene.reflector.stop();
    assert.equal(list.signal.aborted, true);
    assert.deepEqual(scene.takeBatches(), []);
    assert.equal(scene.reflector.isSynced, false);
    assert.equal(scene.clock.timers, 0);
  });

  it("hands over no list that is complete at that very moment", async () => {
    const scene = new Scene();
    const list = scene.api.nextList();
    list.items(rawObject("a", "3"));
    list.answer.resolve({ resourceVersion: "10" });
    await scene.reflector.stop();
    assert.deepEqual(scene.takeBatches(), []);
    scene.api.assertNothingAsked();
  });

  it("ends a watch, and keeps quiet of the objects", async () => {
    const { scene, watch } = await Scene.watching([rawObject("a", "3")]);
    const stopped = scene.reflector.stop();
    assert.equal(scene.reflector.statistics.state, "stopped");
    await stopped;
    assert.equal(watch.signal.aborted, true);
    assert.deepEqual(scene.takeBatches(), []);
    assert.equal(scene.clock.timers, 0);
    await settled();
    scene.api.assertNothingAsked();
    assert.equal(scene.reflector.statistics.errors, 0);
  });

  it("ends a pause", async () => {
    const scene = new Scene();
    await scene.api.nextList().fail(broken);
    await scene.reflector.stop();
    assert.equal(scene.clock.timers, 0);
    scene.api.assertNothingAsked();
  });

  it("can be said by whoever hears of the pause", async () => {
    const stops: Promise<void>[] = [];
    const scene: Scene = new Scene({
      onState: (state) => {
        if (state === "waiting") stops.push(scene.reflector.stop());
      },
    });
    await scene.api.nextList().fail(broken);
    await Promise.all(stops);
    assert.equal(stops.length, 1);
    assert.equal(scene.clock.timers, 0);
  });

  it("can be said twice", async () => {
    const { scene } = await Scene.watching();
    await Promise.all([scene.reflector.stop(), scene.reflector.stop()]);
    assert.deepEqual(scene.states, ["watching", "stopped"]);
  });
});
