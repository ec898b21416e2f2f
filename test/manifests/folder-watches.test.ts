import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { FolderWatches, type WatchFolder } from "../../src/manifests/folder-watches.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

interface FakeWatch {
  readonly path: string;
  readonly emit: (name: string | undefined) => void;
  readonly fail: (error: unknown) => void;
  isOpen: boolean;
}

describe("FolderWatches", () => {
  let folder: TemporaryFolder;
  let opened: FakeWatch[];
  let refusal: string | undefined;
  let changes: number;
  let failures: unknown[];
  let watches: FolderWatches;

  const watch: WatchFolder = (path, emit, fail) => {
    if (refusal !== undefined) throw Object.assign(new Error("refused"), { code: refusal });
    const fake: FakeWatch = { path, emit, fail, isOpen: true };
    opened.push(fake);
    return () => {
      fake.isOpen = false;
    };
  };

  beforeEach(async () => {
    folder = await TemporaryFolder.create();
    opened = [];
    refusal = undefined;
    changes = 0;
    failures = [];
    watches = new FolderWatches(watch, {
      onChange: () => changes++,
      onFailure: (error) => failures.push(error),
    });
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  async function round(...wants: readonly (readonly [string, string?])[]): Promise<void> {
    watches.begin();
    for (const [name, entry] of wants) await watches.want(folder.at(name), entry);
    watches.end();
  }

  function openPaths(): readonly string[] {
    return opened.filter(({ isOpen }) => isOpen).map(({ path }) => path.slice(folder.path.length + 1));
  }

  it("watches what a round asks for, once, as long as rounds ask for it", async () => {
    await folder.makeFolder("a");
    await folder.makeFolder("b");
    await round(["a"], ["b"], ["a"]);
    assert.deepEqual(openPaths(), ["a", "b"]);
    await round(["a"]);
    assert.deepEqual(openPaths(), ["a"]);
    assert.equal(opened.length, 2);
    watches.close();
    assert.deepEqual(openPaths(), []);
  });

  it("tells of the entries that were asked for, or of all", async () => {
    await folder.makeFolder("a");
    await folder.makeFolder("b");
    await round(["a", "x"], ["a", "y"], ["b", "x"], ["b"]);
    const [a, b] = opened;
    a?.emit("z");
    assert.equal(changes, 0);
    a?.emit("x");
    a?.emit("y");
    b?.emit("z");
    assert.equal(changes, 3);
    a?.emit(undefined);
    assert.equal(changes, 4);
    await round(["a", "z"]);
    a?.emit("x");
    assert.equal(changes, 4);
    a?.emit("z");
    assert.equal(changes, 5);
  });

  it("watches anew where a folder took the place of another", async () => {
    await folder.makeFolder("a");
    await folder.makeFolder("b");
    await round(["a"]);
    await rename(folder.at("a"), folder.at("old"));
    await rename(folder.at("b"), folder.at("a"));
    await round(["a"]);
    assert.deepEqual(
      opened.map(({ isOpen }) => isOpen),
      [false, true],
    );
  });

  it("watches anew where a folder was gone for a while, even if the system takes it for the same", async () => {
    await folder.makeFolder("a");
    await round(["a", "x"]);
    opened[0]?.emit("a");
    assert.equal(changes, 1);
    await round(["a", "x"]);
    assert.deepEqual(
      opened.map(({ isOpen }) => isOpen),
      [false, true],
    );
  });

  for (const code of ["ENOENT", "EACCES"]) {
    it(`passes over what can't be looked at (${code})`, async () => {
      refusal = code;
      await round(["missing"]);
      assert.deepEqual([opened, failures], [[], []]);
    });
  }

  it("says when the platform refuses to watch", async () => {
    refusal = "ENOSPC";
    await round(["."]);
    assert.equal(failures.length, 1);
  });

  it("says when a watch breaks, and replaces it", async () => {
    await folder.makeFolder("a");
    await round(["a"]);
    opened[0]?.fail(new Error("broken"));
    assert.equal(failures.length, 1);
    await round(["a"]);
    assert.deepEqual(
      opened.map(({ isOpen }) => isOpen),
      [false, true],
    );
  });

  it("watches nothing after the end", async () => {
    watches.begin();
    watches.close();
    await watches.want(folder.path);
    assert.deepEqual(opened, []);
  });
});
