import assert from "node:assert/strict";
import { messageOf } from "../../src/resources/error-message.ts";

describe("messageOf", () => {
  it("is the message of an Error, and the text of anything else", () => {
    assert.equal(messageOf(new TypeError("no such thing")), "no such thing");
    assert.equal(messageOf("thrown as it is"), "thrown as it is");
    assert.equal(messageOf(undefined), "undefined");
  });
});
