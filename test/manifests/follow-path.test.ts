import assert from "node:assert/strict";
import { PathFollower } from "../../src/manifests/follow-path.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

describe("PathFollower", () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await TemporaryFolder.create();
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  /** The steps inside of the test's folder. */
  async function steps(name: string): Promise<readonly string[]> {
    const seen: string[] = [];
    const follower = new PathFollower((at, entry) => {
      seen.push(`${at === "/" ? "" : at}/${entry}`);
      return Promise.resolve();
    });
    await follower.follow(folder.at(name));
    return seen
      .filter((path) => path.startsWith(`${folder.path}/`))
      .map((path) => path.slice(folder.path.length + 1));
  }

  it("tells every folder on the way from the root", async () => {
    const seen: string[] = [];
    const follower = new PathFollower((at, name) => {
      seen.push(`${at}|${name}`);
      return Promise.resolve();
    });
    await follower.follow("/usr/../usr/bin/.");
    assert.deepEqual(seen.slice(0, 1), ["/|usr"]);
    assert.match(seen.at(-1) ?? "", /\|bin$/);
  });

  const cases: readonly { name: string; path: string; expect: readonly string[] }[] = [
    { name: "a plain file", path: "a/b.yaml", expect: ["a", "a/b.yaml"] },
    { name: "a link to a neighbour", path: "near.yaml", expect: ["near.yaml", "a", "a/b.yaml"] },
    { name: "links on the way", path: "current/b.yaml", expect: ["current", "a", "a/b.yaml"] },
    {
      name: "links to links, up and down",
      path: "a/up.yaml",
      expect: ["a", "a/up.yaml", "near.yaml", "a", "a/b.yaml"],
    },
    { name: "an absolute link", path: "absolute", expect: ["absolute", "a"] },
    { name: "what does not exist", path: "none/x/y.yaml", expect: ["none"] },
    { name: "a link that leads nowhere", path: "dangling", expect: ["dangling", "missing"] },
  ];
  for (const { name, path, expect } of cases) {
    it(`follows ${name}`, async () => {
      await folder.write("a/b.yaml", "x");
      await folder.link("near.yaml", "a/b.yaml");
      await folder.link("current", "./a");
      await folder.link("a/up.yaml", "../near.yaml");
      await folder.link("absolute", folder.at("a"));
      await folder.link("dangling", "missing/x");
      assert.deepEqual(await steps(path), expect);
    });
  }

  it("gives up on a circle", async () => {
    await folder.link("one", "two");
    await folder.link("two", "one");
    const seen = await steps("one");
    assert.deepEqual([...new Set(seen)], ["one", "two"]);
    assert.ok(seen.length <= 42);
  });
});
