import assert from "node:assert/strict";
import fc from "fast-check";
import { byteSize, showByteSize } from "../../src/cli/byte-size.ts";
import { duration, showDuration } from "../../src/cli/duration.ts";
import { socketAddress } from "../../src/cli/socket-address.ts";
import { choice, integer, type Parsed, path, text, type ValueType } from "../../src/cli/value-type.ts";

interface Case {
  readonly type: Pick<ValueType<unknown>, "parse" | "placeholder">;
  readonly text: string;
  readonly is: Parsed<unknown>;
}

const ok = (value: unknown): Parsed<unknown> => ({ kind: "ok", value });
const not = (message: string): Parsed<unknown> => ({ kind: "invalid", message });

const time = duration({ min: 0, max: 86_400_000 });
const size = byteSize({ min: 0, max: 1024 ** 3 });
const timeShape = "must be a duration as 500ms, 25s or 1h30m, not ";
const addressShape = "must be an address and port as 127.0.0.1:80, [::1]:80 or :80, not ";

const cases: readonly Case[] = [
  { type: time, text: "25s", is: ok(25_000) },
  { type: time, text: "500ms", is: ok(500) },
  { type: time, text: "1h", is: ok(3_600_000) },
  { type: time, text: "1h30m", is: ok(5_400_000) },
  { type: time, text: "1m500ms", is: ok(60_500) },
  { type: time, text: "0s", is: ok(0) },
  { type: time, text: "25", is: not(`${timeShape}"25"`) },
  { type: time, text: "-1s", is: not(`${timeShape}"-1s"`) },
  { type: time, text: "1.5s", is: not(`${timeShape}"1.5s"`) },
  { type: time, text: "1d", is: not(`${timeShape}"1d"`) },
  { type: time, text: "s", is: not(`${timeShape}"s"`) },
  { type: time, text: "25 s", is: not(`${timeShape}"25 s"`) },
  { type: time, text: "25h", is: not("must be 0s to 24h, not 25h") },
  { type: duration({ min: 1_000, max: 60_000 }), text: "999ms", is: not("must be 1s to 1m, not 999ms") },
  { type: size, text: "64KiB", is: ok(65_536) },
  { type: size, text: "64Ki", is: ok(65_536) },
  { type: size, text: "1MiB", is: ok(1_048_576) },
  { type: size, text: "1GiB", is: ok(1_073_741_824) },
  { type: size, text: "4096", is: ok(4_096) },
  { type: size, text: "64KB", is: not('must be a size as 64KiB or 4096, not "64KB"') },
  { type: size, text: "1.5MiB", is: not('must be a size as 64KiB or 4096, not "1.5MiB"') },
  { type: size, text: "2GiB", is: not("must be 0 to 1GiB, not 2GiB") },
  { type: integer({ min: 1, max: 10 }), text: "10", is: ok(10) },
  { type: integer({ min: 1, max: 10 }), text: "0", is: not("must be 1 to 10, not 0") },
  { type: integer({ min: 1, max: 10 }), text: "1e1", is: not('must be a whole number, not "1e1"') },
  { type: socketAddress, text: "127.0.0.1:15101", is: ok({ host: "127.0.0.1", port: 15_101 }) },
  { type: socketAddress, text: "[::1]:15101", is: ok({ host: "::1", port: 15_101 }) },
  { type: socketAddress, text: "[fd00::a:1]:0", is: ok({ host: "fd00::a:1", port: 0 }) },
  { type: socketAddress, text: ":15102", is: ok({ host: "", port: 15_102 }) },
  { type: socketAddress, text: "15102", is: not(`${addressShape}"15102"`) },
  { type: socketAddress, text: "127.0.0.1", is: not(`${addressShape}"127.0.0.1"`) },
  { type: socketAddress, text: "127.0.0.1:", is: not(`${addressShape}"127.0.0.1:"`) },
  { type: socketAddress, text: "127.0.0.1:65536", is: not(`${addressShape}"127.0.0.1:65536"`) },
  { type: socketAddress, text: "127.0.0.256:80", is: not(`${addressShape}"127.0.0.256:80"`) },
  { type: socketAddress, text: "localhost:80", is: not(`${addressShape}"localhost:80"`) },
  { type: socketAddress, text: "::1:80", is: not(`${addressShape}"::1:80"`) },
  { type: socketAddress, text: "[127.0.0.1]:80", is: not(`${addressShape}"[127.0.0.1]:80"`) },
  { type: socketAddress, text: "[]:80", is: not(`${addressShape}"[]:80"`) },
  { type: choice(["off", "json"]), text: "json", is: ok("json") },
  { type: choice(["off", "json"]), text: "JSON", is: not('must be off or json, not "JSON"') },
  { type: path("DIR"), text: "a/b", is: ok("a/b") },
  { type: path("DIR"), text: "a\0b", is: not("must be a path, and holds a NUL") },
  { type: text("NS", /^[a-z]+$/, "a word"), text: "abc", is: ok("abc") },
  { type: text("NS", /^[a-z]+$/, "a word"), text: "A", is: not('must be a word, not "A"') },
];

describe("values of settings", () => {
  for (const c of cases) {
    it(`reads ${JSON.stringify(c.text)} as ${c.type.placeholder}`, () => {
      assert.deepEqual(c.type.parse(c.text), c.is);
    });
  }

  function readsBack<T>(type: ValueType<T>, values: fc.Arbitrary<T>): void {
    it(`reads back what it shows of ${type.placeholder}`, () => {
      fc.assert(fc.property(values, (value) => assert.deepEqual(type.parse(type.show(value)), ok(value))));
    });
  }
  readsBack(time, fc.nat(86_400_000));
  readsBack(
    size,
    fc.oneof(
      fc.nat(1024 ** 3),
      fc.nat(1024).map((n) => n * 1024 ** 2),
    ),
  );
  readsBack(integer({ min: 0, max: 99 }), fc.nat(99));
  readsBack(choice(["off", "json"]), fc.constantFrom("off", "json"));
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(""));
  readsBack(socketAddress, fc.record({ host: hosts, port: fc.nat(65_535) }, { noNullPrototype: true }));

  it("shows the shortest form", () => {
    assert.deepEqual([0, 999, 90_000, 3_600_000].map(showDuration), ["0s", "999ms", "1m30s", "1h"]);
    assert.deepEqual([0, 1000, 65_536, 1024 ** 3].map(showByteSize), ["0", "1000", "64KiB", "1GiB"]);
  });
});
