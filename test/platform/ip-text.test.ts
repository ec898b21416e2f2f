import assert from "node:assert/strict";
import fc from "fast-check";
import { ipv4Text, ipv6Text } from "../../src/platform/ip-text.ts";

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe("ipv4Text", () => {
  it("reads four bytes from where it is told", () => {
    assert.equal(ipv4Text(bytesOf("ff0a6007ffee"), 1), "10.96.7.255");
  });
});

describe("ipv6Text", () => {
  const cases = [
    { bytes: "00000000000000000000000000000000", text: "::" },
    { bytes: "00000000000000000000000000000001", text: "::1" },
    { bytes: "fd000010009600000000000000000009", text: "fd00:10:96::9" },
    { bytes: "20010db8000000010001000100010001", text: "2001:db8:0:1:1:1:1:1" },
    { bytes: "20010db8000000000001000000000001", text: "2001:db8::1:0:0:1" },
    { bytes: "20010000000000010000000000000001", text: "2001:0:0:1::1" },
    { bytes: "0001000200030004000500060007abcd", text: "1:2:3:4:5:6:7:abcd" },
    { bytes: "fe800000000000000000000000000000", text: "fe80::" },
    { bytes: "00000000000000000000ffff0a600709", text: "::ffff:10.96.7.9" },
  ];
  for (const c of cases) {
    it(`reads ${c.text}`, () => {
      assert.equal(ipv6Text(bytesOf(`ffff${c.bytes}`), 2), c.text);
    });
  }

  it("agrees with the URL standard, which has no dotted ends", () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    const groups = fc.array(group, { minLength: 8, maxLength: 8 }).filter((all) => all[5] !== 0xffff);
    fc.assert(
      fc.property(groups, (all) => {
        const long = all.map((g) => g.toString(16)).join(":");
        const bytes = Uint8Array.from(all.flatMap((g) => [g >> 8, g & 0xff]));
        assert.equal(`[${ipv6Text(bytes, 0)}]`, new URL(`http://[${long}]`).hostname);
      }),
    );
  });
});
