import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { loadOriginalDestination } from "../../src/platform/original-destination.ts";

describe("loadOriginalDestination", () => {
  it("says where it can't work", () => {
    assert.deepEqual(loadOriginalDestination("darwin"), {
      kind: "unavailable",
      message: "redirected connections are a matter of Linux, not of darwin",
    });
  });

  it("names the errno of a failed call, for both families", () => {
    const support = loadOriginalDestination();
    const expected = { kind: "failed", message: "getsockopt(SO_ORIGINAL_DST) failed with errno 9" };
    const answers = support.kind === "available" ? [support.read(-1, 4), support.read(-1, 6)] : [];
    assert.deepEqual(answers, process.platform === "linux" ? [expected, expected] : []);
  });

  it("gives no notice of being experimental, and lets other warnings through", () => {
    const { stdout, stderr } = runModule('process.emitWarning("another one");');
    assert.equal(stdout, process.platform === "linux" ? "available" : "unavailable");
    assert.match(stderr, /^\(node:\d+\) Warning: another one\n\(Use .*\n$/);
  });

  it("says so where Node has no node:ffi", () => {
    const { stdout, stderr } = runModule("", "--no-experimental-ffi");
    assert.deepEqual({ stdout, stderr }, { stdout: "unavailable", stderr: "" });
  });
});

/** Loads it in a process of its own, prints the kind of outcome, and does `more`. */
function runModule(
  more: string,
  ...flags: readonly string[]
): { readonly stdout: string; readonly stderr: string } {
  const file = new URL("../../src/platform/original-destination.ts", import.meta.url).href;
  const code = `import { loadOriginalDestination } from ${JSON.stringify(file)};
    process.stdout.write(loadOriginalDestination().kind); ${more}`;
  return spawnSync(process.execPath, [...flags, "--input-type=module", "--eval", code], { encoding: "utf8" });
}
