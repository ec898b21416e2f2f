import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const program = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { keepYoungGenerationSmall } from ${JSON.stringify(join(import.meta.dirname, "../../src/platform/young-generation.ts"))};
  if (process.argv[1] === "small") keepYoungGenerationSmall();
  const kept = [];
  for (let i = 0; i < 3_000_000; i++) {
    kept[i % 20_000] = { i };
  }
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  console.log(space.space_size);
`;

function newSpaceBytes(argument: string): number {
  const output = execFileSync(process.execPath, ["--input-type=module-typescript", "-e", program, argument]);
  return Number(output.toString());
}

describe("keepYoungGenerationSmall", () => {
  it("keeps V8 from growing it, which it does without", () => {
    const small = newSpaceBytes("small");
    const grown = newSpaceBytes("grown");
    assert.ok(small > 0);
    assert.ok(small * 2 <= grown, `${small} bytes, ${grown} without`);
  });
});
