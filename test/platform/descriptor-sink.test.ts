import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescriptorWrite, descriptorSink } from "../../src/platform/descriptor-sink.ts";

/** A descriptor that does one step of the script a call; a number is how many bytes it takes. */
function scripted(steps: (number | string)[], taken: string[]): DescriptorWrite {
  return (_descriptor, bytes, onDone) => {
    const step = steps.shift() ?? bytes.length;
    if (typeof step === "string") {
      onDone(Object.assign(new Error(step), { code: step }), 0);
      return;
    }
    taken.push(Buffer.from(bytes.subarray(0, step)).toString());
    onDone(null, step);
  };
}

describe("descriptorSink", () => {
  const cases = [
    { name: "at once", steps: [], expect: ["grüße\n"] },
    { name: "in parts", steps: [2, 1], expect: ["gr", "\ufffd", "\ufffdße\n"] },
    { name: "after the pipe was full", steps: ["EAGAIN", 2, "EAGAIN"], expect: ["gr", "üße\n"] },
    { name: "not at all when the reader is gone", steps: [2, "EPIPE"], expect: ["gr"] },
  ];
  for (const c of cases) {
    it(`writes ${c.name}`, async () => {
      const taken: string[] = [];
      await new Promise<void>((resolve) =>
        descriptorSink(1, scripted([...c.steps], taken))("grüße\n", resolve),
      );
      assert.deepEqual(taken, c.expect);
    });
  }

  it("writes to a real file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sink-"));
    const descriptor = openSync(join(folder, "log"), "w");
    await new Promise<void>((resolve) => descriptorSink(descriptor)("one\ntwo\n", resolve));
    closeSync(descriptor);
    assert.equal(readFileSync(join(folder, "log"), "utf8"), "one\ntwo\n");
    rmSync(folder, { recursive: true });
  });

  it("does not block while nobody reads the pipe", async () => {
    const source = new URL("../../src/platform/descriptor-sink.ts", import.meta.url);
    // The child writes more than a pipe holds to the one that is not read yet, then tells on the other that it goes on.
    const script = `
      const { descriptorSink } = await import(${JSON.stringify(source.href)});
      descriptorSink(1)("x".repeat(1_000_000), () => console.error("written"));
      setImmediate(() => console.error("going on"));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => lines.push(text.trim()));
    await once(child.stderr, "data");
    assert.deepEqual(lines, ["going on"]);
    let length = 0;
    child.stdout.on("data", (bytes: Buffer) => {
      length += bytes.length;
    });
    await once(child, "close");
    assert.deepEqual([length, lines], [1_000_000, ["going on", "written"]]);
  });
});
