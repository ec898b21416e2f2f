import assert from "node:assert/strict";
import { isIP, SocketAddress } from "node:net";
import * as fc from "fast-check";
import { joinHostPort, parseIpAddress } from "../../src/resources/ip-address.ts";

describe("parseIpAddress", () => {
  const valid: readonly { text: string; family: 4 | 6; address: string }[] = [
    { text: "10.0.0.1", family: 4, address: "10.0.0.1" },
    { text: "0.0.0.0", family: 4, address: "0.0.0.0" },
    { text: "255.255.255.255", family: 4, address: "255.255.255.255" },
    { text: "::", family: 6, address: "::" },
    { text: "::1", family: 6, address: "::1" },
    { text: "1::", family: 6, address: "1::" },
    { text: "FD00:0:0:0:0:0:0:00A1", family: 6, address: "fd00::a1" },
    { text: "2001:db8:0:0:1:0:0:1", family: 6, address: "2001:db8::1:0:0:1" },
    { text: "2001:db8:0:1:1:1:1:1", family: 6, address: "2001:db8:0:1:1:1:1:1" },
    { text: "1:2:3:4:5:6:7::", family: 6, address: "1:2:3:4:5:6:7:0" },
    { text: "64:ff9b::192.0.2.33", family: 6, address: "64:ff9b::c000:221" },
    { text: "1:2:3:4:5:6:1.2.3.4", family: 6, address: "1:2:3:4:5:6:102:304" },
    { text: "::ffff:10.1.2.3", family: 4, address: "10.1.2.3" },
    { text: "::FFFF:0a01:0203", family: 4, address: "10.1.2.3" },
  ];
  for (const { text, family, address } of valid) {
    it(`reads ${text}`, () => assert.deepEqual(parseIpAddress(text), { family, address }));
  }

  const invalid = [
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1 ",
    "1.2.3.4.5",
    "::1%eth0",
    ":",
    ":::",
    "1::2::3",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "g::",
    "1.2.3.4::",
    "::1.2.3.4:1",
    "::1.2.3",
    "1:2:3:4:5:6:7:1.2.3.4",
  ];
  for (const text of invalid) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseIpAddress(text), undefined));
  }

  it("agrees with the platform on what an address is", () => {
    const character = fc.constantFrom(..."0123456789abcdefABCDEF:.:".split(""));
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: character, maxLength: 24 }));
    fc.assert(
      fc.property(text, (candidate) => {
        assert.equal(parseIpAddress(candidate) === undefined, isIP(candidate) === 0, candidate);
      }),
      { numRuns: 2000 },
    );
  });

  it("names an address in one way only, which reads back as itself", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const parsed = parseIpAddress(text);
        assert.ok(parsed);
        assert.deepEqual(parseIpAddress(parsed.address), parsed);
      }),
    );
  });

  it("writes IPv6 as URLs do", () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xff_ff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (parts) => {
        const text = parts.map((part) => part.toString(16)).join(":");
        fc.pre(parseIpAddress(text)?.family === 6);
        assert.equal(`[${parseIpAddress(text)?.address}]`, new URL(`http://[${text}]/`).hostname);
      }),
    );
  });

  it("takes what sockets report", () => {
    const { address } = new SocketAddress({ address: "::ffff:127.0.0.1", family: "ipv6" });
    assert.deepEqual(parseIpAddress(address), { family: 4, address: "127.0.0.1" });
  });
});

describe("joinHostPort", () => {
  for (const [host, text] of [
    ["10.0.0.1", "10.0.0.1:80"],
    ["fd00::1", "[fd00::1]:80"],
    ["shop.example", "shop.example:80"],
    ["", ":80"],
  ] as const) {
    it(`writes ${text}`, () => assert.equal(joinHostPort(host, 80), text));
  }
});
