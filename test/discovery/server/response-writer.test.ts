import assert from "node:assert/strict";
import fc from "fast-check";
import { DeltaDiscoveryResponse } from "../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { typeUrl } from "../../../src/discovery/resource-types.ts";
import { removedField, resourceField, writeResponse } from "../../../src/discovery/server/response-writer.ts";

describe("writeResponse", () => {
  it("writes what the generated code reads", () => {
    const resource = fc.record({
      name: fc.string(),
      version: fc.string(),
      bytes: fc.uint8Array({ maxLength: 300, size: "max" }),
    });
    fc.assert(
      fc.property(
        fc.array(resource, { maxLength: 5 }),
        fc.array(fc.string()),
        fc.string(),
        (resources, removed, nonce) => {
          const elements = [
            ...resources.map((one) => resourceField("Backend", one)),
            ...removed.map(removedField),
          ];
          const url = typeUrl("Backend");
          const read = DeltaDiscoveryResponse.decode(writeResponse(url, nonce, elements));
          assert.equal(read.nonce, nonce);
          assert.equal(read.typeUrl, url);
          assert.deepEqual(read.removedResources, removed);
          assert.deepEqual(
            read.resources.map(({ name, version, resource }) => ({
              name,
              version,
              type: resource?.typeUrl,
              value: resource?.value,
            })),
            resources.map(({ name, version, bytes }) => ({
              name,
              version,
              type: url,
              value: Buffer.from(bytes),
            })),
          );
        },
      ),
    );
  });

  it("writes long lengths", () => {
    const bytes = new Uint8Array(2_100_000).fill(7);
    const element = resourceField("Backend", { name: "a", version: "1", bytes });
    const read = DeltaDiscoveryResponse.decode(writeResponse(typeUrl("Backend"), "1", [element]));
    assert.deepEqual(read.resources[0]?.resource?.value, Buffer.from(bytes));
  });

  it("makes what all subscribers get once", () => {
    const resource = { name: "a", version: "1", bytes: Uint8Array.of(1) };
    assert.equal(resourceField("Backend", resource), resourceField("Backend", resource));
  });
});
