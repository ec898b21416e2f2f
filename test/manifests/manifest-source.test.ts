import assert from "node:assert/strict";
import { truncate } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { errorLine, inForce, serviceYaml } from "./objects.ts";
import { RecordedSource } from "./recorded-source.ts";
import { ScriptedClock } from "./scripted-clock.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

describe("startManifestSource", () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await TemporaryFolder.create();
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  describe("at the start", () => {
    it("has read the folder once", async () => {
      await folder.write("m/a.yaml", serviceYaml("a"));
      await folder.write("m/s/b.json", JSON.stringify({ kind: "x" }));
      await using source = await RecordedSource.start(folder.at("m"));
      assert.equal(source.snapshots.length, 1);
      assert.deepEqual(inForce(source.last), ["a:80"]);
      assert.deepEqual(source.last.errors.map(errorLine), ["s/b.json | apiVersion | is required"]);
    });

    it("says so where there is nothing", async () => {
      await using source = await RecordedSource.start(folder.path);
      assert.deepEqual(source.snapshots, [{ objects: [], errors: [] }]);
    });

    it("goes without what is wrong", async () => {
      await folder.write("a.yaml", `${serviceYaml("a", 0)}---\n${serviceYaml("b")}`);
      await folder.write("c.yaml", "a: [\n");
      await folder.write("d.yaml", new Uint8Array([0x61, 0xff, 0xfe]));
      await folder.write("e.yaml", "");
      await folder.write("f.yaml", "");
      await truncate(folder.at("f.yaml"), 16 * 1024 * 1024 + 1);
      await using source = await RecordedSource.start(folder.path);
      assert.deepEqual(inForce(source.last), ["b:80"]);
      assert.deepEqual(
        source.last.errors.map((error) => errorLine(error).replace(/(line 2): .*/, "$1")),
        [
          "a.yaml | Service default/a | spec.ports[0].port | must be between 1 and 65535, not 0",
          "c.yaml | is no YAML, line 2",
          "d.yaml | is no UTF-8 text",
          "e.yaml | is empty; delete it to remove its objects",
          "f.yaml | has 17 MB, more than the 16 MB that a manifest may have",
        ],
      );
    });
  });

  describe("notices", () => {
    const changes: readonly {
      name: string;
      before: (m: TemporaryFolder) => Promise<void>;
      change: (m: TemporaryFolder) => Promise<void>;
      from: readonly string[];
      to: readonly string[];
    }[] = [
      {
        name: "an edit in place",
        before: (m) => m.write("m/a.yaml", serviceYaml("a")),
        change: (m) => m.write("m/a.yaml", serviceYaml("a", 81)),
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "another file moved over it",
        before: (m) => m.write("m/a.yaml", serviceYaml("a")),
        change: async (m) => {
          await m.write("m/.a.yaml.tmp", serviceYaml("a", 81));
          await m.move("m/.a.yaml.tmp", "m/a.yaml");
        },
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "a new file",
        before: (m) => m.makeFolder("m"),
        change: (m) => m.write("m/a.yaml", serviceYaml("a")),
        from: [],
        to: ["a:80"],
      },
      {
        name: "a new file in new subfolders",
        before: (m) => m.makeFolder("m"),
        change: (m) => m.write("m/s/t/u/a.yaml", serviceYaml("a")),
        from: [],
        to: ["a:80"],
      },
      {
        name: "a whole tree moved in",
        before: async (m) => {
          await m.makeFolder("m");
          await m.write("elsewhere/s/a.yaml", serviceYaml("a"));
        },
        change: (m) => m.move("elsewhere", "m/here"),
        from: [],
        to: ["a:80"],
      },
      {
        name: "a deleted file",
        before: async (m) => {
          await m.write("m/a.yaml", serviceYaml("a"));
          await m.write("m/s/b.yaml", serviceYaml("b"));
        },
        change: (m) => m.remove("m/s/b.yaml"),
        from: ["a:80", "b:80"],
        to: ["a:80"],
      },
      {
        name: "a deleted subfolder",
        before: async (m) => {
          await m.write("m/a.yaml", serviceYaml("a"));
          await m.write("m/s/t/b.yaml", serviceYaml("b"));
        },
        change: (m) => m.remove("m/s"),
        from: ["a:80", "b:80"],
        to: ["a:80"],
      },
      {
        name: "a subfolder deleted and made anew",
        before: (m) => m.write("m/s/t/a.yaml", serviceYaml("a")),
        change: async (m) => {
          await m.remove("m/s");
          await m.write("m/s/t/a.yaml", serviceYaml("a", 81));
        },
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "the whole folder deleted and made anew",
        before: (m) => m.write("m/s/a.yaml", serviceYaml("a")),
        change: async (m) => {
          await m.remove("m");
          await m.write("m/s/a.yaml", serviceYaml("a", 81));
        },
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "a folder that comes to be only later",
        before: () => Promise.resolve(),
        change: (m) => m.write("m/a.yaml", serviceYaml("a")),
        from: [],
        to: ["a:80"],
      },
      {
        name: "the swap of a ConfigMap's ..data",
        before: async (m) => {
          await m.write("m/..2026_01/a.yaml", serviceYaml("a"));
          await m.link("m/..data", "..2026_01");
          await m.link("m/a.yaml", "..data/a.yaml");
        },
        change: async (m) => {
          await m.write("m/..2026_02/a.yaml", serviceYaml("a", 81));
          await m.link("m/..data_tmp", "..2026_02");
          await m.move("m/..data_tmp", "m/..data");
          await m.remove("m/..2026_01");
        },
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "an edit of a file outside that a link leads to",
        before: async (m) => {
          await m.write("outside/a.yaml", serviceYaml("a"));
          await m.link("m/a.yaml", "../outside/a.yaml");
        },
        change: (m) => m.write("outside/a.yaml", serviceYaml("a", 81)),
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "a new file in a folder outside that a link leads to",
        before: async (m) => {
          await m.write("outside/s/a.yaml", serviceYaml("a"));
          await m.link("m/more", m.at("outside"));
        },
        change: (m) => m.write("outside/s/b.yaml", serviceYaml("b")),
        from: ["a:80"],
        to: ["a:80", "b:80"],
      },
      {
        name: "a link on the way to a link's target that turns elsewhere",
        before: async (m) => {
          await m.write("v1/a.yaml", serviceYaml("a"));
          await m.write("v2/a.yaml", serviceYaml("a", 81));
          await m.link("current", "v1");
          await m.link("m/a.yaml", "../current/a.yaml");
        },
        change: async (m) => {
          await m.link("next", "v2");
          await m.move("next", "current");
        },
        from: ["a:80"],
        to: ["a:81"],
      },
      {
        name: "a link that is turned to another file",
        before: async (m) => {
          await m.write("v1.yaml", serviceYaml("a"));
          await m.write("v2.yaml", serviceYaml("a", 81));
          await m.link("m/a.yaml", "../v1.yaml");
        },
        change: async (m) => {
          await m.link("next", "../v2.yaml");
          await m.move("next", "m/a.yaml");
        },
        from: ["a:80"],
        to: ["a:81"],
      },
    ];
    for (const { name, before, change, from, to } of changes) {
      it(name, async () => {
        await before(folder);
        await using source = await RecordedSource.start(folder.at("m"));
        assert.deepEqual(inForce(source.last), from);
        await change(folder);
        const snapshot = await source.untilInForce(...to);
        assert.deepEqual(snapshot.errors, []);
        assert.ok(
          source.snapshots.every((seen) =>
            inForce(seen).every((object) => [...from, ...to].includes(object)),
          ),
        );
      });
    }

    it("a folder above that another one takes the place of", async () => {
      await folder.write("release/m/a.yaml", serviceYaml("a"));
      await folder.write("next/m/a.yaml", serviceYaml("a", 81));
      await using source = await RecordedSource.start(folder.at("release/m"));
      await folder.move("release", "last");
      await folder.move("next", "release");
      await source.untilInForce("a:81");
      await folder.write("last/m/b.yaml", serviceYaml("b"));
      await folder.write("release/m/c.yaml", serviceYaml("c"));
      await source.untilInForce("a:81", "c:80");
    });

    it("a folder that is a link, when the link is turned", async () => {
      await folder.write("v1/a.yaml", serviceYaml("a"));
      await folder.write("v2/a.yaml", serviceYaml("a", 81));
      await folder.link("m", "v1");
      await using source = await RecordedSource.start(folder.at("m"));
      await folder.link("next", "v2");
      await folder.move("next", "m");
      await source.untilInForce("a:81");
      await folder.write("v2/a.yaml", serviceYaml("a", 82));
      await source.untilInForce("a:82");
    });

    it("change after change, in what was deleted and made anew too", async () => {
      await folder.makeFolder("m");
      await using source = await RecordedSource.start(folder.at("m"));
      for (let round = 0; round < 5; round++) {
        await folder.write("m/s/t/a.yaml", serviceYaml("a", 100 + round));
        await source.untilInForce(`a:${100 + round}`);
        await folder.write("m/s/t/b.yaml", serviceYaml("b"));
        await source.untilInForce(`a:${100 + round}`, "b:80");
        await folder.remove("m/s");
        await source.untilInForce();
      }
    });

    it("edits that follow so closely that the file's time and size stay the same", async () => {
      await folder.write("a.yaml", serviceYaml("a", 100));
      await using source = await RecordedSource.start(folder.path);
      for (let port = 101; port < 140; port++) {
        await folder.write("a.yaml", serviceYaml("a", port));
        await source.untilInForce(`a:${port}`);
      }
    });

    it("the end of a burst, within 100 ms", async () => {
      await folder.write("a.yaml", serviceYaml("a", 1));
      await using source = await RecordedSource.start(folder.path);
      const delays: number[] = [];
      for (let burst = 1; burst <= 9; burst++) {
        for (let write = 1; write <= 10; write++) {
          await folder.write("a.yaml", serviceYaml("a", burst * 100 + write));
        }
        const written = performance.now();
        await source.untilInForce(`a:${burst * 100 + 10}`);
        delays.push(performance.now() - written);
      }
      // The middle one, since the machine of a test may be busy with something else at times.
      const middle = delays.sort((one, other) => one - other)[4];
      assert.ok(middle !== undefined && middle < 100, `took ${delays.map(Math.round).join(", ")} ms`);
    });
  });

  describe("keeps", () => {
    it("what a file said before it became unreadable, object by object what became invalid", async () => {
      await folder.write("a.yaml", `${serviceYaml("a")}---\n${serviceYaml("b")}`);
      await folder.write("c.yaml", serviceYaml("c"));
      await using source = await RecordedSource.start(folder.path);
      await folder.write("a.yaml", "kind: [");
      const unreadable = await source.until(({ errors }) => errors.length === 1);
      assert.deepEqual(inForce(unreadable), ["a:80", "b:80", "c:80"]);
      await folder.write("a.yaml", `${serviceYaml("a", 0)}---\n${serviceYaml("b", 81)}`);
      const invalid = await source.until((snapshot) => inForce(snapshot).includes("b:81"));
      assert.deepEqual(inForce(invalid), ["a:80", "b:81", "c:80"]);
      assert.deepEqual(invalid.errors.map(errorLine), [
        "a.yaml | Service default/a | spec.ports[0].port | must be between 1 and 65535, not 0",
      ]);
      await folder.write("a.yaml", "# all gone\n");
      await source.untilInForce("c:80");
    });

    it("what a file said while somebody empties it to write it anew", async () => {
      await folder.write("a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.path);
      await folder.write("a.yaml", "");
      const emptied = await source.until(({ errors }) => errors.length === 1);
      assert.deepEqual(inForce(emptied), ["a:80"]);
      await folder.write("a.yaml", serviceYaml("a", 81));
      await source.untilInForce("a:81");
    });

    it("everything while the folder is gone", async () => {
      await folder.write("m/a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.at("m"));
      await folder.move("m", "n");
      const gone = await source.until(({ errors }) => errors.length === 1);
      assert.deepEqual([inForce(gone), gone.errors.map(errorLine)], [["a:80"], [". | does not exist"]]);
      await folder.move("n", "m");
      await source.until(({ errors }) => errors.length === 0);
    });

    it("the references of objects that did not change", async () => {
      await folder.write("a.yaml", `${serviceYaml("a")}---\n${serviceYaml("b")}---\n${serviceYaml("c")}`);
      await using source = await RecordedSource.start(folder.path);
      const before = source.last.objects;
      await folder.write(
        "a.yaml",
        `# new\n---\n${serviceYaml("a")}# end\n---\n${serviceYaml("b", 81)}---\n${serviceYaml("c")}`,
      );
      const after = (await source.untilInForce("a:80", "b:81", "c:80")).objects;
      assert.deepEqual(
        after.map((object, index) => object === before[index]),
        [true, false, true],
      );
    });

    it("quiet where nothing changed but words", async () => {
      await folder.write("a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.path);
      await folder.write("a.yaml", `# a comment\n${serviceYaml("a")}`);
      await folder.write("notes.txt", "nothing");
      await folder.write("z.yaml", "apiVersion: apps/v1\nkind: Deployment\n");
      await folder.write("b.yaml", serviceYaml("b"));
      await source.untilInForce("a:80", "b:80");
      assert.equal(source.snapshots.length, 2);
    });
  });

  describe("where the platform does not tell of changes", () => {
    it("looks each second if watching is refused", async () => {
      const clock = new ScriptedClock();
      await folder.write("a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.path, {
        clock,
        watchFolder: () => {
          throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        },
      });
      for (let port = 81; port < 84; port++) {
        await folder.write("a.yaml", serviceYaml("a", port));
        await clock.advance(1000);
        await source.untilInForce(`a:${port}`);
      }
    });

    it("looks all the same, now and then, if it is silent", async () => {
      const clock = new ScriptedClock();
      await folder.write("a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.path, {
        clock,
        watchFolder: () => () => undefined,
      });
      await folder.write("a.yaml", serviceYaml("a", 81));
      await clock.advance(9999);
      assert.equal(source.snapshots.length, 1);
      await clock.advance(1);
      await source.untilInForce("a:81");
    });
  });

  describe("at the end", () => {
    it("tells nothing more, and watches nothing more", async () => {
      const open = new Set<string>();
      const clock = new ScriptedClock();
      await folder.write("s/a.yaml", serviceYaml("a"));
      const source = await RecordedSource.start(folder.path, {
        clock,
        watchFolder: (path) => {
          open.add(path);
          return () => open.delete(path);
        },
      });
      assert.ok(open.has(folder.path) && open.has(folder.at("s")));
      await source[Symbol.asyncDispose]();
      assert.deepEqual([...open], []);
      assert.equal(clock.scheduledCount, 0);
      await folder.write("s/a.yaml", serviceYaml("a", 81));
      await clock.advance(100_000);
      assert.equal(source.snapshots.length, 1);
    });

    it("ends by a signal as well, even in the middle of a reading", async () => {
      const clock = new ScriptedClock();
      const stop = new AbortController();
      await folder.write("a.yaml", serviceYaml("a"));
      await using source = await RecordedSource.start(folder.path, { clock, signal: stop.signal });
      await folder.write("a.yaml", serviceYaml("a", 81));
      await clock.advance(10_000);
      stop.abort();
      await source[Symbol.asyncDispose]();
      const count = source.snapshots.length;
      await clock.advance(100_000);
      assert.equal(source.snapshots.length, count);
      assert.equal(clock.scheduledCount, 0);
    });

    it("does not begin where the end has come before", async () => {
      await using source = await RecordedSource.start(folder.path, { signal: AbortSignal.abort() });
      assert.deepEqual(source.snapshots, []);
    });
  });
});
