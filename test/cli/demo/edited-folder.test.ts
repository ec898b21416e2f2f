import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EditedFolder } from "../../../src/cli/demo/edited-folder.ts";

async function temporaryFolders() {
  const root = await mkdtemp(join(tmpdir(), "eastbound-test-"));
  return {
    original: await mkdtemp(join(root, "original-")),
    copy: await mkdtemp(join(root, "copy-")),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

describe("EditedFolder", () => {
  it("says what was added, changed and removed, and keeps a copy", async () => {
    await using folders = await temporaryFolders();
    const inOriginal = (name: string): string => join(folders.original, name);
    const folder = new EditedFolder(folders.original, {
      folder: folders.copy,
      rewrite: (text) => text.toUpperCase(),
    });
    await writeFile(inOriginal("a.yaml"), "a");
    await writeFile(inOriginal("b.yml"), "b");
    await writeFile(inOriginal("notes.txt"), "no manifest");
    assert.deepEqual(await folder.look(), [
      { file: "a.yaml", kind: "added" },
      { file: "b.yml", kind: "added" },
    ]);
    assert.deepEqual(await folder.look(), []);
    await writeFile(inOriginal("a.yaml"), "changed");
    await rm(inOriginal("b.yml"));
    assert.deepEqual(await folder.look(), [
      { file: "a.yaml", kind: "changed" },
      { file: "b.yml", kind: "removed" },
    ]);
    assert.deepEqual(await readdir(folders.copy), ["a.yaml"]);
    assert.equal(await readFile(join(folders.copy, "a.yaml"), "utf8"), "CHANGED");
  });

  it("rejects where there is no folder", async () => {
    await assert.rejects(new EditedFolder("/nowhere/at/all").look(), { code: "ENOENT" });
  });
});
