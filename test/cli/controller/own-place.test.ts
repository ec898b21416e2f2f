import assert from "node:assert/strict";
import { join } from "node:path";
import { ownName, ownNamespace } from "../../../src/cli/controller/own-place.ts";
import { TemporaryFolder } from "../../manifests/temporary-folder.ts";

describe("ownNamespace", () => {
  it("is that of the pod's ServiceAccount, else the usual one", async () => {
    await using folder = await TemporaryFolder.create();
    await folder.write("namespace", "mesh\n");
    await folder.write("empty", "");
    assert.equal(ownNamespace(join(folder.path, "namespace")), "mesh");
    assert.equal(ownNamespace(join(folder.path, "empty")), "eastbound-system");
    assert.equal(ownNamespace(join(folder.path, "absent")), "eastbound-system");
  });
});

describe("ownName", () => {
  it("can name an object of Kubernetes", () => assert.match(ownName(), /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/));
});
