import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { AuthenticationV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { ControllerLog } from "../../../src/controller/controller-log.ts";
import { createBundleApi } from "../../../src/controller/trust/bundle-api.ts";
import { BundleDistributor } from "../../../src/controller/trust/bundle-distributor.ts";
import {
  createTrustMaintainer,
  type TrustChange,
  type TrustMaintainer,
} from "../../../src/controller/trust/maintain-trust.ts";
import { ServingCertificate } from "../../../src/controller/trust/serving-certificate.ts";
import { createTokenAuthenticator } from "../../../src/controller/trust/tokens/token-authenticator.ts";
import { createTokenReviewApi } from "../../../src/controller/trust/tokens/token-review-api.ts";
import { trustPermissions } from "../../../src/controller/trust/trust-permissions.ts";
import {
  bundleReflection,
  membershipReflection,
  secretReflection,
  type TrustReflection,
} from "../../../src/controller/trust/trust-reflections.ts";
import { createTrustSecretApi } from "../../../src/controller/trust/trust-secret-api.ts";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { type Reflector, startReflector } from "../../../src/kubernetes/reflector.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { handshake } from "../../controller/trust/tls-handshake.ts";
import type { AnyObject } from "../support/objects.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { requestToken } from "../support/tokens.ts";

const quiet: ControllerLog = { info: () => undefined, warn: () => undefined, limited: () => undefined };
const meshed = { "eastbound.dev/inject": "enabled" };
const audience = "eastbound.dev/discovery";

const dataOf = (object: AnyObject | undefined): Readonly<Record<string, string>> =>
  (object?.["data"] ?? {}) as Readonly<Record<string, string>>;

/** A replica's part in trust, with no more permissions than it names, that changes only namespaces of the test's own. */
class TrustReplica {
  readonly serving = new ServingCertificate(quiet);
  readonly distributor: BundleDistributor;
  readonly maintainer: TrustMaintainer;
  readonly changes: TrustChange[] = [];
  readonly failures: string[] = [];
  readonly #abort = new AbortController();
  readonly #reflectors: readonly Reflector[];
  readonly #news = new EventEmitter();
  #run: Promise<void> | undefined;
  #served = 0;

  constructor(own: TestNamespace, { config }: RestrictedConfig, isOurs: (namespace: string) => boolean) {
    const api = config.makeApiClient(CoreV1Api);
    const watchApi = createWatchApi(config);
    const follow = <T>(
      reflection: TrustReflection<T>,
      onChanges: Parameters<typeof startReflector<T>>[0]["onChanges"],
    ): Reflector =>
      startReflector({
        ...reflection,
        onChanges,
        api: watchApi,
        clock: systemClock,
        random: Math.random,
        log: {
          info: () => undefined,
          warn: (message, fields) => void this.failures.push(`${message} ${JSON.stringify(fields)}`),
          error: assert.fail,
        },
      });
    this.distributor = new BundleDistributor({
      maps: createBundleApi(api),
      ownNamespace: own.name,
      synced: Promise.resolve().then(() => Promise.all(this.#reflectors.map((each) => each.synced))),
      clock: systemClock,
      random: Math.random,
      log: {
        ...quiet,
        limited: (_level, message, _key, fields) =>
          void this.failures.push(`${message} ${JSON.stringify(fields)}`),
      },
      onEverywhere: () => this.maintainer.poke(),
    });
    this.maintainer = createTrustMaintainer({
      secrets: createTrustSecretApi({ api, namespace: own.name }),
      distribution: this.distributor,
      names: ["eastbound-controller"],
      clock: systemClock,
      random: Math.random,
      log: quiet,
      onChange: (change) => {
        this.changes.push(change);
        this.#news.emit("news");
      },
    });
    this.serving.onChange(() => {
      this.#served++;
      this.#news.emit("news");
    });
    this.#reflectors = [
      // Other tests have namespaces of their own on this cluster.
      follow(membershipReflection, (changes) =>
        this.distributor.observeNamespaces(changes.filter(({ key }) => isOurs(key.slice(1)))),
      ),
      follow(bundleReflection, (changes) =>
        this.distributor.observeMaps(changes.filter(({ key }) => isOurs(key.slice(0, key.indexOf("/"))))),
      ),
      follow(secretReflection(own.name), (changes) => {
        for (const change of changes) {
          this.serving.observe(change.kind === "upsert" ? change.object : undefined);
        }
        this.maintainer.poke();
      }),
    ];
  }

  lead(): void {
    this.#run = this.maintainer.run(this.#abort.signal, () => true);
  }

  /** Waits until it has had that many certificates. */
  async served(times: number): Promise<void> {
    while (this.#served < times) await once(this.#news, "news");
  }

  /** Waits until it has made such a change. */
  async changed(kind: TrustChange["kind"]): Promise<void> {
    while (!this.changes.some((change) => change.kind === kind)) await once(this.#news, "news");
  }

  /** For a test that waited in vain. */
  get state(): unknown {
    const { changes, failures } = this;
    const { isEverywhere, missing } = this.distributor;
    const reflectors = this.#reflectors.map(({ statistics }) => statistics);
    return { changes, failures, isEverywhere, missing, reflectors };
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#run;
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }
}

describe("trust on a real API server", () => {
  let own: TestNamespace;
  let restricted: RestrictedConfig;
  const others: TestNamespace[] = [];
  const replicas: TrustReplica[] = [];

  beforeEach(async () => {
    own = await TestNamespace.create("trust");
    restricted = await RestrictedConfig.create(own, trustPermissions);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed() === true) {
      for (const replica of replicas) process.stderr.write(`${JSON.stringify(replica.state)}\n`);
    }
    const failures = replicas.flatMap((replica) => replica.failures);
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    await restricted[Symbol.asyncDispose]();
    for (const namespace of [own, ...others.splice(0)]) await namespace[Symbol.asyncDispose]();
    assert.deepEqual(failures, [], "nothing failed: all that is needed is permitted");
  });

  const join = async (labels: Readonly<Record<string, string>>): Promise<TestNamespace> => {
    const namespace = await TestNamespace.create("trust-other", labels);
    others.push(namespace);
    return namespace;
  };

  const replica = (): TrustReplica => {
    const started = new TrustReplica(own, restricted, (name) =>
      [own, ...others].some((namespace) => namespace.name === name),
    );
    replicas.push(started);
    return started;
  };

  const bundleIn = (namespace: TestNamespace, isWanted: (bundle: string | undefined) => boolean) =>
    namespace.until("v1", "ConfigMap", "eastbound-ca", (map) => isWanted(dataOf(map)["ca.crt"]), {
      what: "have the bundle",
    });

  it("makes the Secret, brings the CA to meshed namespaces, and serves what they believe", async () => {
    const shop = await join(meshed);
    const plain = await join({});
    const [leader, follower] = [replica(), replica()];
    leader.lead();
    const map = await bundleIn(shop, (bundle) => bundle !== undefined);
    await bundleIn(own, (bundle) => bundle === dataOf(map)["ca.crt"]);
    await follower.served(1);
    const current = follower.serving.current();
    assert.ok(current);
    const bundle = dataOf(map)["ca.crt"] ?? "";
    assert.equal(await handshake({ ...current, bundle, name: "eastbound-controller" }), "ok");
    assert.equal(map?.metadata.labels?.["app.kubernetes.io/managed-by"], "eastbound-controller");
    assert.equal(await plain.read("v1", "ConfigMap", "eastbound-ca"), undefined);
    await own.until(
      "v1",
      "Secret",
      "eastbound-trust",
      (secret) => secret?.metadata.annotations?.["eastbound.dev/distributed"] !== undefined,
      { what: "say that the CA is everywhere" },
    );
  });

  it("follows namespaces into the mesh and out of it, and sets ConfigMaps right", async () => {
    const shop = await join({});
    const leader = replica();
    leader.lead();
    const bundle = dataOf(await bundleIn(own, (found) => found !== undefined))["ca.crt"];
    const namespace = { apiVersion: "v1", kind: "Namespace", name: shop.name };
    await own.objects.patch(namespace, { metadata: { labels: meshed } });
    const made = await bundleIn(shop, (found) => found === bundle);

    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "eastbound-ca", namespace: shop.name };
    await own.objects.patch(reference, { data: { "ca.crt": "theirs", other: "stays" } });
    const corrected = await bundleIn(shop, (found) => found === bundle);
    assert.equal(dataOf(corrected)["other"], "stays");
    await shop.delete([{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "eastbound-ca" } }]);
    await shop.until("v1", "ConfigMap", "eastbound-ca", (map) => {
      return map !== undefined && map.metadata.uid !== made?.metadata.uid && dataOf(map)["ca.crt"] === bundle;
    });

    await own.objects.patch(namespace, { metadata: { labels: { "eastbound.dev/inject": null } } });
    await shop.until("v1", "ConfigMap", "eastbound-ca", (map) => map === undefined);
  });

  it("repairs the Secret at once, and every replica serves the repaired", async () => {
    const [leader, follower] = [replica(), replica()];
    leader.lead();
    const bundle = dataOf(await bundleIn(own, (found) => found !== undefined))["ca.crt"] ?? "";
    await follower.served(1);
    const secret = { apiVersion: "v1", kind: "Secret", name: "eastbound-trust", namespace: own.name };
    await own.objects.patch(secret, {
      data: { "tls.key": Buffer.from("broken").toString("base64"), binary: "/wD/" },
    });
    await Promise.all([follower.served(2), leader.changed("serving-issued")]);
    assert.deepEqual(
      leader.changes.map(({ kind }) => kind),
      ["created", "repaired", "serving-issued"],
    );
    const current = follower.serving.current();
    assert.ok(current);
    assert.equal(await handshake({ ...current, bundle, name: "eastbound-controller" }), "ok");
    const repaired = await own.read("v1", "Secret", "eastbound-trust");
    assert.equal(dataOf(repaired)["binary"], "/wD/", "somebody else's stays as it is");
  });

  it("lets one of two that begin at a time make the Secret", async () => {
    const both = [replica(), replica()];
    for (const each of both) each.lead();
    await bundleIn(own, (bundle) => bundle !== undefined);
    await own.until(
      "v1",
      "Secret",
      "eastbound-trust",
      (secret) => secret?.metadata.annotations?.["eastbound.dev/distributed"] !== undefined,
    );
    const made = both.flatMap(({ changes }) => changes.map(({ kind }) => kind));
    assert.deepEqual(made, ["created"]);
  });

  describe("tokens", () => {
    const authenticate = () =>
      createTokenAuthenticator({
        review: createTokenReviewApi(restricted.config.makeApiClient(AuthenticationV1Api)),
        clock: systemClock,
        log: quiet,
      });

    /** A pod that no node runs is enough for a token. */
    const makePod = async (name: string): Promise<{ readonly name: string; readonly uid: string }> => {
      const spec = {
        containers: [{ name: "c", image: "none" }],
        nodeSelector: { "eastbound.dev/nowhere": "yes" },
      };
      const [pod] = await own.apply([{ apiVersion: "v1", kind: "Pod", metadata: { name }, spec }]);
      return { name, uid: pod?.metadata.uid ?? "" };
    };

    it("accepts a pod's token for our audience, and tells whose it is and until when", async () => {
      const pod = await makePod("cart");
      const token = await requestToken({ namespace: own.name, audience, pod, lifeSeconds: 3_600 });
      const told = await authenticate()(token);
      assert.ok(told.kind === "ok");
      const { identity, expiresAtMs } = told;
      assert.deepEqual(
        { ...identity },
        { namespace: own.name, pod: "cart", podUid: pod.uid, serviceAccount: "default" },
      );
      assert.ok(Math.abs(expiresAtMs - Date.now() - 3_600_000) < 60_000);
    });

    it("tells the node of a pod that runs", async () => {
      const [node] = await own.objects.list("v1", "Node");
      const spec = { containers: [{ name: "c", image: "none" }], nodeName: node?.metadata.name };
      const [made] = await own.apply([{ apiVersion: "v1", kind: "Pod", metadata: { name: "cart" }, spec }]);
      const pod = { name: "cart", uid: made?.metadata.uid ?? "" };
      const told = await authenticate()(await requestToken({ namespace: own.name, audience, pod }));
      assert.equal(told.kind === "ok" ? told.identity.node : told.reason, node?.metadata.name);
    });

    it("refuses tokens for others, of no pod, forged and revoked", async () => {
      const pod = await makePod("gone");
      const { name: namespace } = own;
      const check = authenticate();
      const reasonOf = async (token: string): Promise<string> => {
        const told = await check(token);
        return told.kind === "refused" ? told.reason : "accepted";
      };
      const good = await requestToken({ namespace, audience, pod });
      assert.equal(await reasonOf(await requestToken({ namespace, pod })), "token for another audience");
      assert.equal(await reasonOf(await requestToken({ namespace, audience })), "token bound to no pod");
      const [head = "", claims = "", signature = ""] = good.split(".");
      const forged = `${head}.${claims}.${signature.slice(0, -8)}AAAAAAAA`;
      assert.equal(await reasonOf(forged), "token not accepted by the API server");
      const lying = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
      const later = Buffer.from(JSON.stringify({ ...lying, exp: 4e9 })).toString("base64url");
      assert.equal(await reasonOf(`${head}.${later}.${signature}`), "token not accepted by the API server");

      await own.delete([{ apiVersion: "v1", kind: "Pod", metadata: { name: "gone" } }]);
      await own.until("v1", "Pod", "gone", (found) => found === undefined);
      assert.equal(await reasonOf(good), "token not accepted by the API server", "its pod is gone");
    });
  });
});
