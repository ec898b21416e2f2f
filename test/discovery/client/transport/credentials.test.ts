import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialReader } from "../../../../src/discovery/client/transport/credentials.ts";

const certificate = (name: string): string =>
  `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

describe("the credentials of a stream", () => {
  let folder: string;
  let files: { readonly caFile: string; readonly tokenFile: string };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "credentials-"));
    files = { caFile: join(folder, "ca.crt"), tokenFile: join(folder, "token") };
    await writeFile(files.caFile, certificate("one"));
    await writeFile(files.tokenFile, "first\n");
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("are read anew each time", async () => {
    const reader = new CredentialReader(files);
    assert.deepEqual(await reader.read(), { ca: certificate("one"), token: "first" });
    await writeFile(files.caFile, certificate("two"));
    await writeFile(files.tokenFile, "second");
    assert.deepEqual(await reader.read(), { ca: certificate("two"), token: "second" });
  });

  for (const { name, spoil } of [
    { name: "is gone", spoil: (file: string) => rm(file) },
    { name: "is damaged", spoil: (file: string) => writeFile(file, "what?") },
  ]) {
    it(`go on with the last CA where its file ${name}`, async () => {
      const reader = new CredentialReader(files);
      await reader.read();
      await spoil(files.caFile);
      assert.deepEqual(await reader.read(), { ca: certificate("one"), token: "first" });
    });

    it(`are none where the file of the CA ${name} from the start`, async () => {
      await spoil(files.caFile);
      await assert.rejects(new CredentialReader(files).read(), /ca\.crt/);
    });
  }

  it("are none without a token", async () => {
    const reader = new CredentialReader(files);
    await reader.read();
    await writeFile(files.tokenFile, "\n");
    await assert.rejects(reader.read(), /token holds no token/);
    await rm(files.tokenFile);
    await assert.rejects(reader.read(), /the token can't be read: ENOENT/);
  });
});
