import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeConfig } from "../../src/kubernetes/kube-config.ts";

function kubeconfig(name: string, server: string): string {
  return JSON.stringify({
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { token: "secret" } }],
  });
}

describe("loadKubeConfig", () => {
  let folder = "";
  const environment = { ...process.env };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eastbound-"));
    process.env["HOME"] = folder;
    delete process.env["KUBECONFIG"];
    delete process.env["KUBERNETES_SERVICE_HOST"];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    for (const name of ["HOME", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"]) {
      const value = environment[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  function write(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  it("takes the file that is named, before all else", () => {
    process.env["KUBECONFIG"] = write("other", kubeconfig("other", "https://other:6443"));
    const path = write("mine", kubeconfig("mine", "https://mine:6443"));
    assert.equal(loadKubeConfig(path).getCurrentCluster()?.server, "https://mine:6443");
  });

  it("takes the file that KUBECONFIG names", () => {
    process.env["KUBECONFIG"] = write("other", kubeconfig("other", "https://other:6443"));
    assert.equal(loadKubeConfig(undefined).getCurrentCluster()?.server, "https://other:6443");
  });

  it("takes the pod's service account where its token is", () => {
    process.env["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
    process.env["KUBERNETES_SERVICE_PORT"] = "443";
    const config = loadKubeConfig(undefined, { serviceAccountToken: write("token", "secret") });
    assert.equal(config.getCurrentCluster()?.server, "https://10.96.0.1:443");
    assert.equal(config.getCurrentCluster()?.caFile, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  });

  it("takes ~/.kube/config where there is nothing else", () => {
    mkdirSync(join(folder, ".kube"));
    write(".kube/config", kubeconfig("home", "https://home:6443"));
    assert.equal(loadKubeConfig(undefined).getCurrentCluster()?.server, "https://home:6443");
  });

  const wrong = [
    {
      name: "a file that is not there",
      load: () => loadKubeConfig(join(folder, "none")),
      message: /^kubeconfig .*none can't be read: ENOENT/,
    },
    {
      name: "a file that is no YAML",
      load: () => loadKubeConfig(write("bad", "a: [")),
      message: /^kubeconfig .*bad can't be read: /,
    },
    {
      name: "a file that is empty",
      load: () => loadKubeConfig(write("empty", "")),
      message: /^kubeconfig .*empty can't be read: /,
    },
    {
      name: "a context that is not there",
      load: () =>
        loadKubeConfig(write("lost", '{"current-context":"x","contexts":[],"clusters":[],"users":[]}')),
      message: /^kubeconfig .*lost names no cluster for its current context$/,
    },
    {
      name: "a server that is no URL",
      load: () => loadKubeConfig(write("odd", kubeconfig("odd", "not a url"))),
      message: /^kubeconfig .*odd: the server must be a URL, not not a url$/,
    },
    {
      name: "a server without TLS",
      load: () => loadKubeConfig(write("plain", kubeconfig("plain", "http://plain:80"))),
      message:
        /^kubeconfig .*plain: http:\/\/plain:80 has no TLS; set insecure-skip-tls-verify to use it all the same$/,
    },
    {
      name: "no source at all",
      load: () => loadKubeConfig(undefined),
      message:
        /^there is no way to the API server: no --kubeconfig, no KUBECONFIG, no service account, no ~\/\.kube\/config$/,
    },
  ];
  for (const { name, load, message } of wrong) {
    it(`tells what is wrong with ${name}`, () => {
      assert.throws(load, (error) => error instanceof Error && message.test(error.message));
    });
  }
});
