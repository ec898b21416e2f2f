import assert from "node:assert/strict";
import { contentVersion } from "../../../src/discovery/content-version.ts";
import { decodeSelf, encodeSelf } from "../../../src/discovery/encoding/self.ts";
import { resourceTypeOf, typeUrl } from "../../../src/discovery/resource-types.ts";

describe("the encoding of Self", () => {
  const cases = [{}, { node: "node-1" }, { node: "node-1", zone: "eu-1a" }];
  for (const self of cases) {
    it(`gives back ${JSON.stringify(self)}`, () => {
      assert.deepEqual(decodeSelf("self", encodeSelf(self)), { kind: "ok", value: self });
    });
  }

  const refused = [
    { what: "another name", name: "other", bytes: encodeSelf({}) },
    { what: "no message", name: "self", bytes: Uint8Array.of(10, 9) },
    { what: "a node of 254 characters", name: "self", bytes: encodeSelf({ node: "a".repeat(254) }) },
    { what: "a field that must be known", name: "self", bytes: Uint8Array.of(9 << 3, 1) },
  ];
  for (const { what, name, bytes } of refused) {
    it(`refuses ${what}`, () => assert.equal(decodeSelf(name, bytes).kind, "invalid"));
  }
});

describe("contentVersion", () => {
  it("is the same for the same bytes and another for others", () => {
    assert.equal(contentVersion(Uint8Array.of(1, 2)), contentVersion(Buffer.from([1, 2])));
    assert.notEqual(contentVersion(Uint8Array.of(1, 2)), contentVersion(Uint8Array.of(1, 3)));
    assert.equal(contentVersion(new Uint8Array()).length, 11);
  });
});

describe("resourceTypeOf", () => {
  it("knows the types by their URLs and nothing else", () => {
    assert.equal(resourceTypeOf(typeUrl("Backend")), "Backend");
    for (const url of ["", "Backend", `${typeUrl("Backend")}x`, typeUrl("Self").replace("Self", "Other")]) {
      assert.equal(resourceTypeOf(url), undefined);
    }
  });
});
