import assert from "node:assert/strict";
import fc from "fast-check";
import { framed, MessageReader } from "../../../../src/discovery/client/transport/message-reader.ts";

describe("gRPC's length-prefixed messages", () => {
  it("come out as they went in, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 })),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (messages, sizes) => {
          const bytes = Buffer.concat(messages.map(framed));
          const reader = new MessageReader(20);
          const read: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; ) {
            const size = sizes[at % sizes.length] ?? 1;
            const problem = reader.push(bytes.subarray(at, at + size), (message) => read.push(message));
            assert.equal(problem, undefined);
            at += size;
          }
          assert.deepEqual(read, messages);
        },
      ),
    );
  });

  it("are of a size that is bounded", () => {
    const reader = new MessageReader(3);
    const read: Uint8Array[] = [];
    assert.equal(
      reader.push(framed(Uint8Array.of(1, 2, 3)), (message) => read.push(message)),
      undefined,
    );
    const problem = reader.push(Uint8Array.of(0, 0xff, 0, 0, 0), () => assert.fail("no message"));
    assert.deepEqual(problem, { kind: "too-large", bytes: 0xff00_0000 });
    assert.deepEqual(read, [Uint8Array.of(1, 2, 3)]);
  });

  it("are not compressed", () => {
    const reader = new MessageReader(3);
    assert.deepEqual(
      reader.push(Uint8Array.of(1, 0, 0, 0, 0), () => assert.fail("no message")),
      {
        kind: "compressed",
      },
    );
  });
});
