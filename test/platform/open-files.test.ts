import assert from "node:assert/strict";
import { openFilesLimit } from "../../src/platform/open-files.ts";

const limits = (soft: string): string =>
  [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max core file size        0                    unlimited            bytes     ",
    `Max open files            ${soft}                 524288               files     `,
  ].join("\n");

describe("openFilesLimit", () => {
  const cases = [
    { name: "the soft limit", read: () => limits("1024"), is: 1_024 },
    { name: "nothing where there is none", read: () => limits("unlimited"), is: undefined },
    { name: "nothing where the system says nothing of it", read: () => "", is: undefined },
    {
      name: "nothing where the file is missing",
      read: () => {
        throw new Error("ENOENT");
      },
      is: undefined,
    },
  ];
  for (const { name, read, is } of cases) it(`is ${name}`, () => assert.equal(openFilesLimit(read), is));

  it("reads the limits of this process", () => {
    const limit = openFilesLimit();
    assert.ok(limit === undefined ? process.platform !== "linux" : limit > 0);
  });
});
