import assert from "node:assert/strict";
import fc from "fast-check";
import { createAuthority, issueServing } from "../../../src/controller/trust/issue-certificate.ts";
import { readTrust, type TrustData, writeTrust } from "../../../src/controller/trust/trust-content.ts";
import { readDistributed, writeDistributed } from "../../../src/controller/trust/trust-secret-port.ts";

const validity = { nowMs: Date.parse("2026-12-01T00:00:00Z"), validMs: 1_000_000_000 };

describe("content of the Secret", () => {
  let data: TrustData;

  before(async () => {
    const [first, second] = [await createAuthority(validity), await createAuthority(validity)];
    const serving = await issueServing({ ...validity, authority: first, names: ["a", "b.example"] });
    data = {
      "ca.crt": first.certificate + second.certificate,
      "ca.key": second.key + first.key,
      "tls.crt": serving.certificate,
      "tls.key": serving.key,
    };
  });

  it("is the same when it was read and written", () => {
    const once = writeTrust(readTrust(data));
    assert.deepEqual(writeTrust(readTrust(once)), once);
    assert.deepEqual(readTrust(once), readTrust(data));
    assert.deepEqual(readTrust(data).problems, []);
    assert.deepEqual(readTrust(data).serving?.names, ["a", "b.example"]);
  });

  it("is nothing when there is nothing", () => {
    assert.deepEqual(readTrust({}), { authorities: [], serving: undefined, problems: [] });
  });

  it("can be anything, and what is read of it can be written", () => {
    const keys = ["ca.crt", "ca.key", "tls.crt", "tls.key"];
    const edits = fc.array(
      fc.record({
        key: fc.constantFrom(...keys),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        remove: fc.integer({ min: 0, max: 40 }),
        insert: fc.oneof(
          fc.string({ maxLength: 8 }),
          fc.constantFrom(...keys, "A", "/", "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(edits, (all) => {
        const edited: Record<string, string> = { ...data };
        for (const { key, at, remove, insert } of all) {
          const text = edited[key] ?? "";
          const index = Math.floor(at * text.length);
          // A key's name stands for what it holds: things in the wrong place.
          edited[key] = text.slice(0, index) + (data[insert] ?? insert) + text.slice(index + remove);
        }
        const read = readTrust(edited);
        const again = readTrust(writeTrust(read));
        assert.deepEqual(again.authorities, read.authorities);
        assert.deepEqual(again.serving, read.serving);
        assert.ok(again.problems.every((problem) => problem === "no CA in ca.crt has signed tls.crt"));
        for (const problem of read.problems) assert.ok(!problem.includes("MI"), "it tells no content");
      }),
      { numRuns: 300 },
    );
  });

  it("remembers since when CAs are everywhere, and takes any text", () => {
    const print = "ab".repeat(32);
    const known = new Map([
      [print, validity.nowMs],
      ["cd".repeat(32), 5],
    ]);
    assert.deepEqual(readDistributed(writeDistributed(known)), known);
    assert.deepEqual(readDistributed(""), new Map());
    const text = `x=1, ${print}=2026-12-01T00:00:00Z,${"ef".repeat(32)}=soon,=,`;
    assert.deepEqual(readDistributed(text), new Map([[print, validity.nowMs]]));
  });
});
