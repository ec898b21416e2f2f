import assert from "node:assert/strict";
import { AuthenticationV1Api, CoreV1Api } from "@kubernetes/client-node";
import { createBundleApi } from "../../../src/controller/trust/bundle-api.ts";
import type { BundleMap } from "../../../src/controller/trust/bundle-port.ts";
import { createTokenReviewApi } from "../../../src/controller/trust/tokens/token-review-api.ts";
import {
  bundleReflection,
  membershipReflection,
  secretReflection,
} from "../../../src/controller/trust/trust-reflections.ts";
import { createTrustSecretApi } from "../../../src/controller/trust/trust-secret-api.ts";
import { refusal, ScriptedApiServer } from "../scripted-api-server.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const { signal } = new AbortController();
const labels = { "app.kubernetes.io/managed-by": "eastbound-controller" };

const refusals = [
  { answer: refusal(404, "NotFound", "none"), kind: "absent" },
  { answer: refusal(409, "Conflict", "changed"), kind: "conflict" },
  { answer: refusal(403, "Forbidden", "no"), kind: "failed" },
  { answer: "reset" as const, kind: "failed" },
];

describe("trust at the API server", () => {
  let server: ScriptedApiServer;

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  describe("Secret", () => {
    const path = "/api/v1/namespaces/ns/secrets";
    const secrets = () =>
      createTrustSecretApi({
        api: server.config.makeApiClient(CoreV1Api),
        namespace: "ns",
      });
    const empty = { "ca.crt": "", "ca.key": "", "tls.crt": "", "tls.key": "" };

    it("is read without what is not ours", async () => {
      const time = "2026-12-01T00:00:00.000Z";
      const print = "ab".repeat(32);
      const annotations = { "eastbound.dev/distributed": `${print}=${time}` };
      const data = { "ca.crt": base64("CA"), other: base64("other") };
      server.answer({ status: 200, body: { metadata: { resourceVersion: "7", annotations }, data } });
      assert.deepEqual(await secrets().read(signal), {
        kind: "secret",
        secret: {
          data: { ...empty, "ca.crt": "CA" },
          distributed: new Map([[print, Date.parse(time)]]),
          resourceVersion: "7",
        },
      });
      assert.equal(server.calls[0]?.path, `${path}/eastbound-trust`);
    });

    it("is made", async () => {
      server.answer({ status: 201, body: {} });
      await secrets().create({ "ca.crt": "CA" }, signal);
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.path}`, `POST ${path}?fieldManager=eastbound-controller`);
      assert.deepEqual(call?.body, {
        metadata: { name: "eastbound-trust", labels },
        type: "Opaque",
        data: { "ca.crt": base64("CA") },
      });
    });

    it("is replaced only at the version that was seen, and what isn't ours is left", async () => {
      server.answer({ status: 200, body: {} });
      const distributed = new Map([["ab".repeat(32), 0]]);
      await secrets().replace({ data: { "ca.crt": "CA" }, distributed, resourceVersion: "7" }, signal);
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.contentType}`, "PATCH application/merge-patch+json");
      const annotations = { "eastbound.dev/distributed": `${"ab".repeat(32)}=1970-01-01T00:00:00.000Z` };
      assert.deepEqual(call?.body, {
        metadata: { resourceVersion: "7", labels, annotations },
        data: { "ca.crt": base64("CA") },
      });
    });

    for (const { answer, kind } of refusals) {
      it(`answers ${kind} to ${JSON.stringify(answer).slice(0, 90)}`, async () => {
        server.answer(answer, answer, answer);
        const stored = { data: {}, distributed: new Map<string, number>(), resourceVersion: "7" };
        const api = secrets();
        const answers = await Promise.all([
          api.read(signal),
          api.create({}, signal),
          api.replace(stored, signal),
        ]);
        assert.deepEqual(
          answers.map((each) => each.kind),
          // Where one that is to be made is not found, its namespace is not there.
          [kind, kind === "absent" ? "failed" : kind, kind],
        );
      });
    }
  });

  describe("ConfigMap", () => {
    const path = "/api/v1/namespaces/shop/configmaps";
    const maps = () => createBundleApi(server.config.makeApiClient(CoreV1Api));
    const map: BundleMap = { bundle: "old", isOurs: true, uid: "u", resourceVersion: "7" };

    it("is made", async () => {
      const metadata = { uid: "u", resourceVersion: "7", labels };
      server.answer({ status: 201, body: { metadata, data: { "ca.crt": "CA" } } });
      const made = await maps().create("shop", "CA", signal);
      assert.deepEqual(made, { kind: "map", map: { ...map, bundle: "CA" } });
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.path}`, `POST ${path}?fieldManager=eastbound-controller`);
      assert.deepEqual(call?.body, { metadata: { name: "eastbound-ca", labels }, data: { "ca.crt": "CA" } });
    });

    it("is corrected only at the version that was seen", async () => {
      server.answer({ status: 200, body: {} });
      await maps().correct("shop", map, "CA", signal);
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.contentType}`, "PATCH application/merge-patch+json");
      assert.deepEqual(call?.body, { metadata: { resourceVersion: "7", labels }, data: { "ca.crt": "CA" } });
    });

    it("is removed only if it is the one that was seen", async () => {
      server.answer({ status: 200, body: {} });
      assert.deepEqual(await maps().remove("shop", map, signal), { kind: "absent" });
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.path}`, `DELETE ${path}/eastbound-ca`);
      assert.deepEqual(call?.body, { preconditions: { uid: "u", resourceVersion: "7" } });
    });

    for (const { answer, kind } of refusals) {
      it(`answers ${kind} to ${JSON.stringify(answer).slice(0, 90)}`, async () => {
        server.answer(answer, answer, answer);
        const api = maps();
        const answers = await Promise.all([
          api.create("shop", "CA", signal),
          api.correct("shop", map, "CA", signal),
          api.remove("shop", map, signal),
        ]);
        assert.deepEqual(
          answers.map((each) => each.kind),
          [kind, kind, kind],
        );
      });
    }
  });

  describe("TokenReview", () => {
    const review = () => createTokenReviewApi(server.config.makeApiClient(AuthenticationV1Api));

    it("asks for the audience and passes on what is said", async () => {
      const extra = { "authentication.kubernetes.io/pod-name": ["cart-1"] };
      const user = { username: "system:serviceaccount:shop:cart", extra };
      server.answer({ status: 201, body: { status: { authenticated: true, audiences: ["a"], user } } });
      assert.deepEqual(await review()("token", "a"), {
        kind: "reviewed",
        isAuthenticated: true,
        audiences: ["a"],
        username: "system:serviceaccount:shop:cart",
        extra,
      });
      const [call] = server.calls;
      assert.equal(`${call?.method} ${call?.path}`, "POST /apis/authentication.k8s.io/v1/tokenreviews");
      assert.deepEqual(call?.body, { spec: { audiences: ["a"], token: "token" } });
    });

    it("takes no word for yes but yes", async () => {
      server.answer({ status: 201, body: {} });
      assert.deepEqual(await review()("token", "a"), {
        kind: "reviewed",
        isAuthenticated: false,
        audiences: [],
        username: "",
        extra: {},
      });
    });

    it("fails without naming the token", async () => {
      server.answer(refusal(500, "InternalError", "etcd is away"));
      assert.deepEqual(await review()("token", "a"), { kind: "failed", message: "etcd is away" });
    });
  });

  describe("watches", () => {
    for (const { object, state } of [
      { object: { metadata: { labels: { "eastbound.dev/inject": "enabled" } } }, state: "meshed" },
      { object: { metadata: { labels: { "eastbound.dev/inject": "disabled" } } }, state: "other" },
      { object: {}, state: "other" },
      {
        object: {
          metadata: { labels: { "eastbound.dev/inject": "enabled" } },
          status: { phase: "Terminating" },
        },
        state: "terminating",
      },
      { object: { metadata: { deletionTimestamp: "2026-12-01T00:00:00Z" } }, state: "terminating" },
    ]) {
      it(`tell that ${JSON.stringify(object)} is ${state}`, () => {
        assert.equal(membershipReflection.read(object), state);
      });
    }

    it("tell changes by the version", () => {
      const versions = ["1", "1", "2"].map((resourceVersion) => ({ metadata: { resourceVersion } }));
      for (const { read, isSame } of [secretReflection("ns"), bundleReflection] as const) {
        const [a, b, c] = versions.map((object) => read(object));
        assert.ok(a && b && c);
        assert.deepEqual([isSame(a as never, b as never), isSame(a as never, c as never)], [true, false]);
      }
      assert.ok(membershipReflection.isSame("meshed", "meshed"));
      assert.ok(!membershipReflection.isSame("meshed", "other"));
    });
  });
});
