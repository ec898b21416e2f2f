import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { type Reflector, startReflector } from "../../../src/kubernetes/reflector.ts";
import { cluster } from "../support/cluster.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { requestToken } from "../support/tokens.ts";
import { type CommonOptions, FollowedObjects } from "./followed-objects.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps" };

const access = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [list, watch] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader }]
---
apiVersion: v1
kind: Pod
metadata: { name: bound }
spec:
  serviceAccountName: reader
  schedulingGates: [{ name: eastbound.test/never }]
  containers: [{ name: none, image: none:v1 }]
`;

describe("a token that ends while a reflector runs", () => {
  let namespace: TestNamespace;
  let folder = "";

  before(async () => {
    namespace = await TestNamespace.create("token");
    folder = mkdtempSync(join(tmpdir(), "eastbound-"));
    await namespace.apply(access);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await namespace[Symbol.asyncDispose]();
  });

  /** The way of a pod: a CA and a token, both in files. */
  function podConfig(tokenFile: string): KubeConfig {
    const { server = "", caData = "" } = cluster().config.getCurrentCluster() ?? {};
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "inCluster", server, caData, skipTLSVerify: false },
      { name: "inClusterUser", authProvider: { name: "tokenFile", config: { tokenFile } } },
    );
    return config;
  }

  it("is replaced from its file as soon as the API server refuses it", async () => {
    const pod = await namespace.read("v1", "Pod", "bound");
    const account = { namespace: namespace.name, serviceAccount: "reader" };
    const tokenFile = join(folder, "token");
    const bound = { name: "bound", uid: pod?.metadata.uid ?? "" };
    writeFileSync(tokenFile, await requestToken({ ...account, pod: bound }));
    const api = createWatchApi(podConfig(tokenFile));
    const start = (base: CommonOptions): Reflector =>
      startReflector({ ...base, resource: configMaps, namespace: namespace.name });
    await using early = new FollowedObjects(api, start);
    await early.reflector.synced;

    // The token ends with the pod that it is bound to; the API server believes in it for some seconds more.
    await namespace.delete(access.split("---").slice(3).join("---"));
    const request = { resource: configMaps, namespace: namespace.name };
    const isRefused = (): Promise<boolean> =>
      api
        .list(request, () => {}, new AbortController().signal)
        .then(
          () => false,
          () => true,
        );
    for (const end = performance.now() + 40_000; !(await isRefused()); ) {
      assert.ok(performance.now() < end, "the token must end");
      await delay(200);
    }
    await using late = new FollowedObjects(api, start);
    await late.until("a failure", () => late.reflector.statistics.errors > 0);
    assert.match(late.log.join("\n"), /"status":401/);
    assert.equal(late.reflector.isSynced, false);

    writeFileSync(tokenFile, await requestToken(account));
    await late.reflector.synced;
    await namespace.apply([
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "news" }, data: { value: "1" } },
    ]);
    const key = `${namespace.name}/news`;
    await late.until("the news", () => late.objects.get(key) === "1");
    await early.until("the news", () => early.objects.get(key) === "1");
  });
});
