import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type CertifiedKey, createAuthority } from "../../../src/controller/trust/issue-certificate.ts";
import { rig } from "../support/cluster.ts";
import { FaultScene } from "../support/fault-scene.ts";
import { CONTROLLER_NAMESPACE } from "../support/mesh.ts";
import type { AnyObject } from "../support/objects.ts";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const secret = { apiVersion: "v1", kind: "Secret", name: "eastbound-trust", namespace: CONTROLLER_NAMESPACE };

/** A CA that two thirds of its life will be over at a time. */
async function authorityDueAt(dueMs: number): Promise<CertifiedKey> {
  const probe = new X509Certificate((await createAuthority({ nowMs: dueMs, validMs: YEAR_MS })).certificate);
  const lifeMs = probe.validToDate.getTime() - probe.validFromDate.getTime();
  const probeDueMs = probe.validFromDate.getTime() + (2 / 3) * lifeMs;
  return createAuthority({ nowMs: dueMs - (probeDueMs - dueMs), validMs: YEAR_MS });
}

function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(
    (each) => new X509Certificate(each),
  );
}

function valueOf(found: AnyObject | undefined, key: string): string {
  const data = (found?.["data"] ?? {}) as Readonly<Record<string, string>>;
  return Buffer.from(data[key] ?? "", "base64").toString();
}

describe("the CA and the serving certificate are rotated", function suite() {
  this.timeout("5m");
  let scene: FaultScene;
  let old: CertifiedKey;
  let dueMs: number;

  before(async () => {
    dueMs = Date.now() + 45_000;
    old = await authorityDueAt(dueMs);
    const data = { "ca.crt": old.certificate, "ca.key": old.key };
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
    scene = await FaultScene.start({
      seed: [
        {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: secret.name },
          type: "Opaque",
          data: Object.fromEntries(encoded) as object,
        },
      ],
    });
  });
  after(async () => (scene as FaultScene | undefined)?.[Symbol.asyncDispose]());

  const trust = (isWanted: (found: AnyObject | undefined) => boolean, what: string): Promise<unknown> =>
    scene.mesh.objects.until(secret, isWanted, { what, timeoutMs: 150_000 });

  const isSignedBy = (found: AnyObject | undefined, authority: X509Certificate | undefined): boolean => {
    const [served] = certificatesIn(valueOf(found, "tls.crt"));
    return served !== undefined && authority !== undefined && served.verify(authority.publicKey);
  };

  it("brings the new CA to all sidecars before anything of it is served", async () => {
    const first = new X509Certificate(old.certificate);
    await trust((found) => isSignedBy(found, first), "serve by the CA that it was given");
    // Its loop looks at the clock each minute, or when the Secret changes.
    while (Date.now() < dueMs) await scene.load.after(30);
    await scene.mesh.objects.patch(secret, { metadata: { labels: { look: "again" } } });
    await trust((found) => certificatesIn(valueOf(found, "ca.crt")).length === 2, "have a second CA");
    await trust((found) => isSignedBy(found, first), "still serve by the first");
    await scene.namespace.until(
      "v1",
      "ConfigMap",
      "eastbound-ca",
      (map) => {
        const { "ca.crt": bundle = "" } = (map?.["data"] ?? {}) as Readonly<Record<string, string>>;
        return certificatesIn(bundle).length === 2;
      },
      { what: "have both CAs" },
    );
    await scene.assertUnharmed();
  });

  it("serves by the new CA a day later, and sidecars go on", async () => {
    // The kubelet brings it sooner when the pod changes.
    const pod = { apiVersion: "v1", kind: "Pod", name: scene.load.name, namespace: scene.namespace.name };
    await scene.mesh.objects.patch(pod, { metadata: { annotations: { look: "again" } } });
    const [pid] = await rig().containerPids(scene.load.uid, "eastbound-proxy");
    // Not /var/run, which is a link to /run: followed from here, it leads to the machine's.
    const file = `/proc/${pid}/root/run/secrets/eastbound.dev/ca/ca.crt`;
    const end = performance.now() + 120_000;
    while (certificatesIn(await readFile(file, "utf8")).length !== 2) {
      assert.ok(performance.now() < end, "the kubelet brings the bundle into the pod");
      await delay(500);
    }
    const found = await scene.mesh.objects.read(secret);
    const authorities = certificatesIn(valueOf(found, "ca.crt"));
    const second = authorities.find(
      ({ fingerprint256 }) => fingerprint256 !== new X509Certificate(old.certificate).fingerprint256,
    );
    // As if both had been everywhere for two days.
    const since = new Date(Date.now() - 2 * DAY_MS).toISOString();
    const distributed = authorities
      .map(({ fingerprint256 }) => `${fingerprint256.replaceAll(":", "").toLowerCase()}=${since}`)
      .join(",");
    const annotations = { "eastbound.dev/distributed": distributed };
    await scene.mesh.objects.patch(secret, { metadata: { annotations } });
    await trust((each) => isSignedBy(each, second), "serve by the second CA");
    await scene.assertUnharmed();
  });

  it("takes sidecars that connect anew", async () => {
    await scene.mesh.rollOut();
    await scene.load.untilMetric("eastbound_discovery_connected", (value) => value === 1);
    const resends = await scene.clusterIpResends();
    await scene.rollOut("one");
    await scene.assertUnharmed();
    assert.equal(await scene.clusterIpResends(), resends);
  });
});
