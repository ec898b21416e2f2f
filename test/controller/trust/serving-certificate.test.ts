import assert from "node:assert/strict";
import { createAuthority, issueServing } from "../../../src/controller/trust/issue-certificate.ts";
import { ServingCertificate } from "../../../src/controller/trust/serving-certificate.ts";
import { readTrust, type TrustData } from "../../../src/controller/trust/trust-content.ts";
import type { StoredTrust } from "../../../src/controller/trust/trust-secret-port.ts";

const validity = { nowMs: Date.parse("2026-12-01T00:00:00Z"), validMs: 1_000_000_000 };

async function make(): Promise<TrustData> {
  const authority = await createAuthority({ ...validity, validMs: 2_000_000_000 });
  const serving = await issueServing({ ...validity, authority, names: ["a"] });
  return {
    "ca.crt": authority.certificate,
    "ca.key": authority.key,
    "tls.crt": serving.certificate,
    "tls.key": serving.key,
  };
}

const stored = (data: TrustData): StoredTrust => ({ data, distributed: new Map(), resourceVersion: "1" });

describe("serving certificate of a replica", () => {
  let good: TrustData;
  let next: TrustData;
  let serving: ServingCertificate;
  let said: string[];
  let changes: number;

  before(async () => {
    good = await make();
    next = await make();
  });

  beforeEach(() => {
    said = [];
    changes = 0;
    const say = (message: string): void => void said.push(message);
    serving = new ServingCertificate({
      info: say,
      warn: say,
      limited: (_level, message) => say(message),
    });
    serving.onChange(() => changes++);
  });

  it("has none before the Secret was seen", () => {
    serving.observe(undefined);
    assert.equal(serving.current(), undefined);
    assert.equal(serving.expiresMs, undefined);
    assert.equal(serving.authorityExpiresMs, undefined);
  });

  it("follows the Secret, and tells when it ends", () => {
    serving.observe(stored(good));
    assert.equal(serving.current()?.chain, good["tls.crt"]);
    assert.equal(serving.current()?.key, good["tls.key"]);
    assert.equal(serving.expiresMs, validity.nowMs + validity.validMs);
    assert.equal(serving.authorityExpiresMs, validity.nowMs + 2_000_000_000);
    serving.observe(stored(good));
    assert.equal(changes, 1, "nothing is new");
    serving.observe(stored(next));
    assert.equal(changes, 2);
    assert.equal(serving.current()?.chain, next["tls.crt"]);
  });

  it("tells nobody who no longer wants to know", () => {
    let calls = 0;
    const end = serving.onChange(() => calls++);
    end();
    serving.observe(stored(good));
    assert.equal(calls, 0);
  });

  for (const { name, data } of [
    { name: "is gone", data: undefined },
    { name: "is empty", data: { "ca.crt": "", "tls.crt": "", "tls.key": "" } },
    { name: "has a wrong key", data: { "tls.key": "other" } },
    { name: "has a bundle that does not go with it", data: { "ca.crt": "other" } },
  ]) {
    it(`goes on with what it has when the Secret ${name}`, () => {
      serving.observe(stored(good));
      serving.observe(data === undefined ? undefined : stored({ ...good, ...data }));
      assert.equal(serving.current()?.chain, good["tls.crt"]);
      assert.equal(changes, 1);
    });
  }

  it("takes what nothing in the bundle has signed rather than none", () => {
    const orphan = { ...good, "ca.crt": "" };
    assert.equal(readTrust(orphan).serving?.issuer, undefined);
    serving.observe(stored(orphan));
    assert.equal(serving.current()?.chain, good["tls.crt"]);
  });

  it("says no secret", () => {
    serving.observe(stored(good));
    serving.observe(stored({ ...good, "tls.key": "broken" }));
    assert.deepEqual(said, ["serving with a new certificate", "can't use the certificate in the Secret"]);
  });
});
