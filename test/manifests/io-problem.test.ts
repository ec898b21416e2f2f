import assert from "node:assert/strict";
import { codeOf, ioProblem } from "../../src/manifests/io-problem.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: some text`), { code });
}

describe("ioProblem", () => {
  const cases: readonly { error: unknown; code: string; message: string }[] = [
    { error: systemError("ENOENT"), code: "ENOENT", message: "does not exist" },
    { error: systemError("EACCES"), code: "EACCES", message: "may not be read" },
    { error: systemError("EPERM"), code: "EPERM", message: "may not be read" },
    { error: systemError("EIO"), code: "EIO", message: "can't be read: EIO" },
    { error: new Error("some text"), code: "", message: "can't be read: Error: some text" },
    { error: Object.assign(new Error("x"), { code: 5 }), code: "", message: "can't be read: Error: x" },
    { error: "text", code: "", message: "can't be read: text" },
  ];
  for (const { error, code, message } of cases) {
    it(`says of ${String(error)}: ${message}`, () => {
      assert.equal(ioProblem(error), message);
      assert.equal(codeOf(error), code);
    });
  }
});
