import assert from "node:assert/strict";
import { traceIdOf } from "../../src/proxy/trace-id.ts";

const ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

const cases = [
  { name: "the field of version 00", value: `00-${ID}-${PARENT}-01`, id: ID },
  { name: "a later version", value: `01-${ID}-${PARENT}-01`, id: ID },
  { name: "a later version with more behind it", value: `cc-${ID}-${PARENT}-01-what-else`, id: ID },
  { name: "no field", value: undefined, id: undefined },
  { name: "an empty field", value: "", id: undefined },
  { name: "version 00 with more behind it", value: `00-${ID}-${PARENT}-01-x`, id: undefined },
  { name: "the version that is forbidden", value: `ff-${ID}-${PARENT}-01`, id: undefined },
  { name: "an identifier of zeros", value: `00-${"0".repeat(32)}-${PARENT}-01`, id: undefined },
  { name: "capitals", value: `00-${ID.toUpperCase()}-${PARENT}-01`, id: undefined },
  { name: "an identifier that is too short", value: `00-${ID.slice(1)}-${PARENT}-01`, id: undefined },
  {
    name: "a later version with no dash before what is more",
    value: `01-${ID}-${PARENT}-01x`,
    id: undefined,
  },
  { name: "two fields", value: `00-${ID}-${PARENT}-01,00-${ID}-${PARENT}-01`, id: undefined },
];

describe("traceIdOf", () => {
  for (const { name, value, id } of cases) {
    it(`reads ${name}`, () => {
      assert.equal(traceIdOf(value), id);
    });
  }
});
