import assert from "node:assert/strict";
import { installGatewayCrds, removeGatewayCrds } from "./support/gateway-crds.ts";
import { TestNamespace } from "./support/test-namespace.ts";
import { requestToken } from "./support/tokens.ts";

const settings = (value: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { value: "${value}" }
`;

describe("the support of these tests", () => {
  let namespace: TestNamespace;

  before(async () => {
    namespace = await TestNamespace.create("support");
  });
  after(async () => namespace[Symbol.asyncDispose]());

  it("applies, awaits and deletes objects", async () => {
    const changed = namespace.until(
      "v1",
      "ConfigMap",
      "settings",
      (map) => (map?.["data"] as { value?: string } | undefined)?.value === "2",
    );
    await namespace.apply(settings("1"));
    await namespace.apply(settings("2"));
    assert.deepEqual((await changed)?.["data"], { value: "2" });
    const gone = namespace.until("v1", "ConfigMap", "settings", (map) => map === undefined);
    await namespace.delete(settings("2"));
    assert.equal(await gone, undefined);
  });

  it("says how the object was when it waited in vain", async () => {
    await namespace.apply(settings("3"));
    await assert.rejects(
      namespace.until("v1", "ConfigMap", "settings", () => false, { timeoutMs: 200, what: "change" }),
      (error: Error) =>
        error.message.startsWith(
          `ConfigMap ${namespace.name}/settings did not change within 200 ms: {"data":{"value":"3"}`,
        ),
    );
  });

  it("has tokens made for an audience", async () => {
    const token = await requestToken({ namespace: namespace.name, audience: "test.example" });
    const [, payload = ""] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { readonly aud: unknown };
    assert.deepEqual(claims.aud, ["test.example"]);
  });

  it("installs and removes the CRDs of Gateway API", async () => {
    await installGatewayCrds("experimental", "tlsroutes");
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: "tlsroutes.gateway.networking.k8s.io",
    };
    const { metadata } = (await namespace.objects.read(crd)) ?? {};
    assert.equal(metadata?.annotations?.["gateway.networking.k8s.io/bundle-version"], "v1.7.0");
    await removeGatewayCrds("experimental", "tlsroutes");
    await namespace.objects.until(crd, (found) => found === undefined, { what: "go" });
  });
});
