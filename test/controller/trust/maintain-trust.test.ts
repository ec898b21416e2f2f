import "reflect-metadata";
import assert from "node:assert/strict";
import { generateKeyPairSync, KeyObject, webcrypto, X509Certificate } from "node:crypto";
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509";
import { createAuthority, issueServing } from "../../../src/controller/trust/issue-certificate.ts";
import { splitPem } from "../../../src/controller/trust/pem-blocks.ts";
import { readTrust, type TrustData } from "../../../src/controller/trust/trust-content.ts";
import { trustEvent } from "../../../src/controller/trust/trust-events.ts";
import { handshake } from "./tls-handshake.ts";
import { dayMs, hourMs, TrustHarness, type TrustHarnessOptions } from "./trust-harness.ts";

const name = "eastbound-controller";

describe("maintenance of trust", () => {
  let harness: TrustHarness;
  let before: TrustData;

  /** A Secret that is a day old now, by the real time. */
  async function begin(options: TrustHarnessOptions = {}): Promise<void> {
    harness = new TrustHarness({ startMs: Date.now() - dayMs, ...options });
    harness.lead();
    await harness.pass(dayMs);
    before = harness.server.data;
    harness.changes.length = 0;
  }

  afterEach(() => harness.stop());

  const connects = async (bundle: string | undefined): Promise<boolean> => {
    const { "tls.crt": chain = "", "tls.key": key = "" } = harness.server.data;
    return (await handshake({ chain, key, bundle: bundle ?? "", name })) === "ok";
  };
  const kinds = (): readonly string[] => harness.changes.map((change) => change.kind);
  const problems = (): readonly string[] =>
    harness.changes.flatMap((change) => (change.kind === "repaired" ? change.problems : []));
  const authorities = (data: TrustData = harness.server.data): readonly string[] =>
    splitPem(data["ca.crt"] ?? "").map(({ text }) => text);

  interface Damage {
    readonly title: string;
    readonly edit: (data: TrustData, strangers: Strangers) => TrustData;
    readonly problems?: readonly string[];
    /** What is done about it. */
    readonly kinds: readonly string[];
    /** Whether those connect who have the bundle from before. */
    readonly isBelieved: boolean;
    readonly authorities: number;
  }

  /** Sound things that have nothing to do with the Secret. */
  interface Strangers {
    readonly authority: { readonly certificate: string; readonly key: string };
    readonly serving: { readonly certificate: string; readonly key: string };
    readonly rsaKey: string;
  }

  const damages: readonly Damage[] = [
    {
      title: "a serving key of another certificate",
      edit: (_, { serving }) => ({ "tls.key": serving.key }),
      problems: ["tls.key is not the private key of tls.crt"],
      kinds: ["repaired", "serving-issued"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a serving certificate that is none",
      edit: () => ({ "tls.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }),
      problems: ["tls.crt is no certificate"],
      kinds: ["repaired", "serving-issued"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a serving certificate of a stranger's CA",
      edit: (_, { serving }) => ({ "tls.crt": serving.certificate, "tls.key": serving.key }),
      problems: ["no CA in ca.crt has signed tls.crt"],
      kinds: ["repaired", "serving-issued"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "no CA key",
      edit: () => ({ "ca.key": "" }),
      kinds: ["authority-added"],
      isBelieved: true,
      authorities: 2,
    },
    {
      title: "a CA key that is no PEM",
      edit: () => ({ "ca.key": "lost" }),
      problems: ["ca.key is no PEM"],
      kinds: ["repaired", "authority-added"],
      isBelieved: true,
      authorities: 2,
    },
    {
      title: "a CA key of a kind that can't be used",
      edit: (_, { rsaKey }) => ({ "ca.key": rsaKey }),
      problems: ["ca.key has a block that is no private key on P-256 or P-384"],
      kinds: ["repaired", "authority-added"],
      isBelieved: true,
      authorities: 2,
    },
    {
      title: "a CA key that belongs to nothing, beside the right one",
      edit: (data, { authority }) => ({ "ca.key": authority.key + (data["ca.key"] ?? "") }),
      problems: ["ca.key has a key that belongs to no CA in ca.crt"],
      kinds: ["repaired"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a bundle that is no PEM",
      edit: () => ({ "ca.crt": "lost" }),
      problems: [
        "ca.crt is no PEM",
        "ca.key has a key that belongs to no CA in ca.crt",
        "no CA in ca.crt has signed tls.crt",
      ],
      kinds: ["repaired", "authority-added", "serving-issued"],
      isBelieved: false,
      authorities: 1,
    },
    {
      title: "a bundle that breaks off inside a second CA",
      edit: (data, { authority }) => ({ "ca.crt": data["ca.crt"] + authority.certificate.slice(0, 200) }),
      kinds: [],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a bundle with a certificate that is no CA",
      edit: (data, { serving }) => ({ "ca.crt": serving.certificate + data["ca.crt"] }),
      problems: ["ca.crt has a certificate that is no self-signed CA"],
      kinds: ["repaired"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a bundle with a block that is nothing",
      edit: (data) => ({ "ca.crt": `${data["ca.crt"]}-----BEGIN X-----\nAAAA\n-----END X-----\n` }),
      problems: ["ca.crt has a block that is no certificate"],
      kinds: ["repaired"],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a bundle with everything twice",
      edit: (data) => ({ "ca.crt": `${data["ca.crt"]}${data["ca.crt"]}` }),
      kinds: [],
      isBelieved: true,
      authorities: 1,
    },
    {
      title: "a second CA that somebody put in",
      edit: (data, { authority }) => ({ "ca.crt": data["ca.crt"] + authority.certificate }),
      kinds: [],
      isBelieved: true,
      authorities: 2,
    },
    {
      title: "nothing at all",
      edit: () => ({ "ca.crt": "", "ca.key": "", "tls.crt": "", "tls.key": "" }),
      kinds: ["authority-added", "serving-issued"],
      isBelieved: false,
      authorities: 1,
    },
  ];

  for (const damage of damages) {
    it(`sets ${damage.title} right, and keeps what is usable`, async () => {
      await begin();
      const nowMs = Date.now();
      const validMs = 100 * dayMs;
      const authority = await createAuthority({ nowMs, validMs });
      const serving = await issueServing({ authority, names: [name], nowMs, validMs });
      const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const rsaKey = pair.privateKey.export({ type: "pkcs8", format: "pem" });
      harness.server.edit({ ...damage.edit(before, { authority, serving, rsaKey }), other: "stays" });
      harness.poke();
      await harness.pass(hourMs);

      assert.deepEqual(problems(), damage.problems ?? []);
      assert.deepEqual(kinds(), damage.kinds);
      assert.deepEqual(readTrust(harness.server.data).problems, []);
      assert.equal(authorities().length, damage.authorities);
      assert.equal(harness.server.data["other"], "stays");
      assert.ok(await connects(harness.server.data["ca.crt"]));
      assert.equal(await connects(before["ca.crt"]), damage.isBelieved);
      const writes = harness.server.writes;
      await harness.pass(20 * hourMs);
      assert.equal(harness.server.writes, writes, "it is settled");
    });
  }

  it("signs by a new CA a day after the old one's key was lost", async () => {
    await begin();
    harness.server.edit({ "ca.key": "" });
    harness.poke();
    await harness.pass(2 * dayMs);
    assert.deepEqual(kinds(), ["authority-added", "serving-issued"]);
    assert.notEqual(await connects(before["ca.crt"]), true);
  });

  it("makes the Secret anew when it is deleted", async () => {
    await begin();
    harness.server.edit(undefined);
    harness.poke();
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), ["created"]);
    assert.ok(await connects(harness.server.data["ca.crt"]));
  });

  it("begins anew after all has expired while nobody led", async () => {
    await begin({ startMs: Date.now() - 500 * dayMs });
    await harness.stop();
    await harness.pass(498 * dayMs);
    harness.lead();
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), ["authority-dropped", "authority-added", "serving-issued"]);
    assert.equal(authorities().length, 1);
    assert.ok(await connects(harness.server.data["ca.crt"]));
  });

  it("replaces at once what a clock that was far ahead has made", async () => {
    await begin({ startMs: Date.now() + 300 * dayMs });
    const { data } = harness.server;
    await harness.stop();
    harness = new TrustHarness({ startMs: Date.now() });
    harness.server.edit(data);
    harness.lead();
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), ["authority-added", "serving-issued"]);
    assert.equal(authorities().length, 2, "the one from the future will be good in its time");
    assert.ok(await connects(harness.server.data["ca.crt"]));
  });

  it("does nothing rash when the clock jumps for a while, and goes on when it is right again", async () => {
    await begin({ checkMs: 60_000 });
    for (const jumpMs of [1_000 * dayMs, -1_000 * dayMs]) {
      harness.jumpMs = jumpMs;
      harness.poke();
      await harness.pass(9 * 60_000);
      harness.jumpMs = 0;
      await harness.pass(hourMs);
    }
    assert.deepEqual(harness.server.data, before);
    harness.jumpMs = 100 * dayMs;
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), ["serving-issued"], "it stays so: it is believed");
  });

  it("does nothing rash when it comes to lead with a clock that has jumped before", async () => {
    await begin();
    await harness.stop();
    harness.lead(() => {
      harness.jumpMs = 1_000 * dayMs;
    });
    await harness.pass(9 * 60_000);
    assert.deepEqual(kinds(), []);
    assert.deepEqual(harness.server.data, before);
  });

  it("issues for new names, and leaves a certificate that has more than asked", async () => {
    await begin({ names: [name, "a.example"] });
    await harness.stop();
    const { server } = harness;
    const lead = async (names: readonly string[]): Promise<void> => {
      harness = new TrustHarness({ startMs: Date.now(), names });
      harness.server.edit(server.data);
      harness.lead();
      await harness.pass(hourMs);
    };
    await lead([name]);
    assert.deepEqual(kinds(), []);
    await harness.stop();
    await lead([name, "b.example"]);
    assert.deepEqual(kinds(), ["serving-issued"]);
    const certificate = new X509Certificate(harness.server.data["tls.crt"] ?? "");
    assert.equal(certificate.subjectAltName, `DNS:${name}, DNS:b.example`);
    assert.ok(await connects(before["ca.crt"]));
  });

  it("takes a CA on P-384 that somebody brings", async () => {
    await begin();
    const { certificate, key } = await ownAuthority();
    harness.server.edit({ "ca.crt": certificate, "ca.key": key });
    harness.poke();
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), ["repaired", "serving-issued"]);
    assert.ok(await connects(certificate));
  });

  it("never makes two when two make one at a time", async () => {
    harness = new TrustHarness({ startMs: Date.now() - dayMs });
    const other = new TrustHarness({ startMs: Date.now() - dayMs });
    other.lead();
    await other.pass(hourMs);
    await other.stop();
    harness.server.onRead = () => {
      // The other's comes between what this one reads and what it writes.
      harness.server.onRead = () => undefined;
      harness.server.edit(other.server.data);
    };
    harness.lead();
    await harness.pass(hourMs);
    assert.deepEqual(kinds(), []);
    assert.deepEqual(harness.server.data, other.server.data);
  });

  it("says what the API server refuses, again and again but not often", async () => {
    harness = new TrustHarness();
    const failed = { kind: "failed", message: "secrets is forbidden" } as const;
    harness.server.refusals.push(
      ...["read", "read", "create", "replace"].map((call) => ({
        call: call as "read" | "create" | "replace",
        answer: failed,
      })),
    );
    harness.lead();
    await harness.pass(60_000);
    assert.deepEqual(kinds(), ["failed", "failed", "failed", "created", "failed"]);
    assert.deepEqual(
      new Set(harness.warnings),
      new Set([`can't read or write the Secret with the CAs: {"error":"secrets is forbidden"}`]),
    );
    assert.equal(harness.server.secret?.distributed.size, 1, "all is done in the end");
  });

  it("writes nothing that it may not", async () => {
    harness = new TrustHarness();
    harness.mayWrite = false;
    harness.lead();
    await harness.pass(hourMs);
    assert.equal(harness.server.writes, 0);
  });

  it("answers somebody who goes on changing the Secret, but not without a pause", async () => {
    await begin();
    let answers = 0;
    let isEdit = false;
    const spoil = (): void => {
      isEdit = true;
      harness.server.edit({ "tls.key": `${answers}` });
      isEdit = false;
      harness.poke();
    };
    harness.server.onWrite = () => {
      if (isEdit) return;
      answers++;
      queueMicrotask(spoil);
    };
    spoil();
    await harness.pass(60_000);
    assert.ok(answers >= 60 && answers <= 130, `${answers}`);
  });

  it("notes anew what a clock that was ahead has noted", async () => {
    await begin();
    const { secret } = harness.server;
    assert.ok(secret);
    const [fingerprint = ""] = secret.distributed.keys();
    await harness.server.replace({
      ...secret,
      distributed: new Map([[fingerprint, harness.wallMs + 100 * dayMs]]),
    });
    harness.poke();
    await harness.pass(hourMs);
    assert.ok((harness.server.secret?.distributed.get(fingerprint) ?? Infinity) <= harness.wallMs);
  });

  it("has an Event for what people are to see", () => {
    const reasons = (
      [
        { kind: "created" },
        { kind: "repaired", problems: ["a", "b"] },
        { kind: "authority-added", why: "", expiresMs: 0 },
        { kind: "serving-issued", why: "", expiresMs: 0 },
        { kind: "authority-dropped" },
        { kind: "failed", message: "" },
      ] as const
    ).map((change) => trustEvent(change, "eastbound-system")?.reason);
    const expected = [
      undefined,
      "TrustRepaired",
      "AuthorityRotated",
      "CertificateRotated",
      undefined,
      undefined,
    ];
    assert.deepEqual(reasons, expected);
    harness = new TrustHarness();
  });
});

async function ownAuthority(): Promise<{ readonly certificate: string; readonly key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-384" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Own",
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + 1_000 * dayMs),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-384" },
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { certificate: `${certificate.toString("pem")}\n`, key };
}
