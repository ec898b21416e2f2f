import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { type FoundFiles, walkFolder } from "../../src/manifests/walk-folder.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

describe("walkFolder", () => {
  let folder: TemporaryFolder;
  let seen: string[];

  beforeEach(async () => {
    folder = await TemporaryFolder.create();
    seen = [];
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  function walk(name = "."): Promise<FoundFiles> {
    const note = (what: string) => (path: string) => {
      seen.push(`${what} ${path.replace(folder.path, "")}`);
      return Promise.resolve();
    };
    return walkFolder(folder.at(name), { onFolder: note("folder"), onLink: note("link") });
  }

  function names({ files }: FoundFiles): readonly string[] {
    return files.map(({ name }) => name);
  }

  it("finds manifests by their names, in order", async () => {
    for (const name of [
      "b.yaml",
      "a.yml",
      "c.json",
      "s/t/d.yaml",
      "s.yaml",
      ".hidden.yaml",
      ".hidden/e.yaml",
    ]) {
      await folder.write(name, "x");
    }
    for (const name of ["a.txt", "yaml", "a.yaml~", ".a.yaml.swp", "a.YAML", "a.jsonl", "s/#a.yaml#"]) {
      await folder.write(name, "x");
    }
    const found = await walk();
    assert.deepEqual(names(found), [
      ".hidden.yaml",
      ".hidden/e.yaml",
      "a.yml",
      "b.yaml",
      "c.json",
      "s.yaml",
      "s/t/d.yaml",
    ]);
    assert.deepEqual(found.unreadable, new Map());
    assert.deepEqual(seen, ["folder ", "folder /.hidden", "folder /s", "folder /s/t"]);
  });

  it("finds each file of a ConfigMap volume once, by the name that was asked for", async () => {
    await folder.write("..2026_01_31/routes.yaml", "x");
    await folder.write("..2026_01_31/nested.yaml", "x");
    await folder.link("..data", "..2026_01_31");
    await folder.link("routes.yaml", "..data/routes.yaml");
    await folder.link("sub/nested.yaml", "../..data/nested.yaml");
    assert.deepEqual(names(await walk()), ["routes.yaml", "sub/nested.yaml"]);
    assert.deepEqual(seen, ["folder ", "link /routes.yaml", "folder /sub", "link /sub/nested.yaml"]);
  });

  it("follows links to folders, and comes to an end with a circle of them", async () => {
    await folder.write("in/a.yaml", "x");
    await folder.write("out/b.yaml", "x");
    await folder.link("in/loop", ".");
    await folder.link("in/up", "..");
    await folder.link("in/more", "../out");
    await folder.link("out/back", "../in");
    assert.deepEqual(names(await walk("in")), ["a.yaml", "more/b.yaml"]);
  });

  it("takes the first name of a file that has several", async () => {
    await folder.write("b.yaml", "x");
    await folder.link("a.yaml", "b.yaml");
    await folder.link("c.yaml", "b.yaml");
    await folder.link("d", "b.yaml");
    assert.deepEqual(names(await walk()), ["a.yaml"]);
  });

  it("says which links lead nowhere, an editor's lock excepted", async () => {
    await folder.link("gone.yaml", "nothing");
    await folder.link("self", "self");
    await folder.link(".#a.yaml", "user@host.123");
    await folder.link("long", "n".repeat(300));
    const found = await walk();
    assert.deepEqual(
      [...found.unreadable].sort(([one], [other]) => one.localeCompare(other)),
      [
        ["gone.yaml", "is a link that leads nowhere"],
        ["long", "can't be read: ENAMETOOLONG"],
        ["self", "is a link that leads in a circle"],
      ],
    );
  });

  it("says that a folder does not exist, or is none", async () => {
    assert.deepEqual([...(await walk("missing")).unreadable], [[".", "does not exist"]]);
    await folder.write("a.yaml", "x");
    assert.deepEqual([...(await walk("a.yaml")).unreadable], [[".", "is no folder"]]);
  });

  it("opens nothing that is no file", async () => {
    execFileSync("mkfifo", [folder.at("pipe.yaml")]);
    await folder.link("device.yaml", "/dev/null");
    await folder.makeFolder("folder.yaml");
    assert.deepEqual(names(await walk()), []);
  });

  // Nothing is forbidden to root.
  if (process.getuid?.() !== 0) {
    it("says which subfolder may not be read", async () => {
      await folder.write("s/a.yaml", "x");
      await chmod(folder.at("s"), 0);
      const { unreadable } = await walk();
      await chmod(folder.at("s"), 0o700);
      assert.deepEqual([...unreadable], [["s", "may not be read"]]);
    });
  }

  it("gives a file another signature whenever it is replaced or grows", async () => {
    const signatures = new Set<string>();
    const look = async (): Promise<void> => {
      const [file] = (await walk()).files;
      assert.ok(file);
      signatures.add(file.signature);
    };
    await folder.write("a.yaml", "1");
    await look();
    await look();
    await folder.write("a.yaml", "22");
    await look();
    await folder.write("next", "33");
    await folder.move("next", "a.yaml");
    await look();
    assert.equal(signatures.size, 3);
  });
});
