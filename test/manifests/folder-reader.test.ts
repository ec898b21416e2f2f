import assert from "node:assert/strict";
import type { FileContent } from "../../src/manifests/file-content.ts";
import { FolderReader } from "../../src/manifests/folder-reader.ts";
import type { FoundFile } from "../../src/manifests/walk-folder.ts";
import { serviceYaml } from "./objects.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const running = new AbortController().signal;

describe("FolderReader", () => {
  let folder: TemporaryFolder;
  let reader: FolderReader;

  beforeEach(async () => {
    folder = await TemporaryFolder.create();
    reader = new FolderReader();
  });

  afterEach(() => folder[Symbol.asyncDispose]());

  /** Reads one file as if it had been modified so long before the reading. */
  async function read(ageMs: number, more: Partial<FoundFile> = {}): Promise<FileContent | undefined> {
    const path = folder.at("a.yaml");
    const file = {
      name: "a.yaml",
      path,
      sizeBytes: 1,
      modifiedMs: 100_000 - ageMs,
      signature: "one",
      ...more,
    };
    const { files } = await reader.read({ files: [file], unreadable: new Map() }, 100_000, running);
    return files.get("a.yaml");
  }

  it("trusts the signature of a file that has been left alone for a while", async () => {
    await folder.write("a.yaml", serviceYaml("a"));
    const first = await read(3000);
    await folder.write("a.yaml", serviceYaml("a", 81));
    assert.equal(await read(3000), first);
    assert.notEqual(await read(3000, { signature: "two" }), first);
  });

  it("looks into a file that was changed just before, and gives the same content where it is the same", async () => {
    await folder.write("a.yaml", serviceYaml("a"));
    const first = await read(2000);
    assert.equal(await read(2000), first);
    await folder.write("a.yaml", serviceYaml("a", 81));
    assert.notEqual(await read(2000), first);
  });

  it("leaves out a file that went while the folder was looked at", async () => {
    assert.equal(await read(0), undefined);
  });

  it("says why a file can't be read", async () => {
    await folder.makeFolder("a.yaml");
    assert.deepEqual(await read(0), {
      kind: "unreadable",
      message: "can't be read: EISDIR",
    });
    assert.deepEqual(await read(0, { sizeBytes: 100 * 1_048_576 }), {
      kind: "unreadable",
      message: "has 100 MB, more than the 16 MB that a manifest may have",
    });
  });

  it("lets the program go on while it reads a long file", async () => {
    const count = 300;
    await folder.write(
      "a.yaml",
      Array.from({ length: count }, (_, index) => serviceYaml(`s${index}`)).join("---\n"),
    );
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    turn();
    const content = await read(0);
    isDone = true;
    assert.ok(content?.kind === "documents");
    assert.equal(content.documents.length, count);
    assert.ok(turns > 1);
  });

  it("stops in between once it is told to", async () => {
    await folder.write("a.yaml", serviceYaml("a"));
    const file = { name: "a.yaml", path: folder.at("a.yaml"), sizeBytes: 1, modifiedMs: 0, signature: "one" };
    const { files } = await reader.read({ files: [file], unreadable: new Map() }, 0, AbortSignal.abort());
    assert.equal(files.size, 0);
  });
});
