import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LastCurrent } from "../../src/cli/last-current.ts";

const startMs = Date.parse("2026-12-01T00:00:00Z");

describe("when the snapshot was last current", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "last-current-"));
    path = join(folder, "snapshot");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is told to the next start, by how long ago that is", async () => {
    await new LastCurrent(path, () => startMs).note();
    await new LastCurrent(path, () => startMs + 1_000).note();
    assert.equal(new LastCurrent(path, () => startMs + 601_000).ageMs(), 600_000);
  });

  it("is now where nothing tells, and where a clock says that it is to come", async () => {
    assert.equal(new LastCurrent(path, () => startMs).ageMs(), 0);
    await writeFile(`${path}.current`, "");
    assert.equal(new LastCurrent(path, () => startMs).ageMs(), 0);
    await new LastCurrent(path, () => startMs).note();
    assert.equal(new LastCurrent(path, () => startMs - 1).ageMs(), 0);
  });

  it("is not worth an error where it can't be written", async () => {
    await new LastCurrent(join(folder, "none", "snapshot"), () => startMs).note();
  });
});
