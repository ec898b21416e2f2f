import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../src/cli/version.ts";

interface Package {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "..", path), "utf8"));
const own = read("package.json") as Package;
const lock = read("package-lock.json") as { readonly packages: Readonly<Record<string, Package>> };

describe("package.json", () => {
  it("runs the tests under the Node that it installs", () => {
    assert.equal(process.version, `v${own.devDependencies?.["node"]}`);
    assert.ok(Number.parseInt(process.version.slice(1), 10) >= 26);
  });

  it("names exact versions", () => {
    const all = Object.entries({ ...own.dependencies, ...own.devDependencies });
    assert.deepEqual(
      all.filter(([, wanted]) => !/^\d+\.\d+\.\d+$/.test(wanted)),
      [],
    );
  });

  it("has the version that the program tells", () => {
    assert.equal(version, own.version);
  });
});

describe("package-lock.json", () => {
  // npm leaves out what its registry does not have at that moment, and then npm ci refuses the lock file.
  it("lists the optional packages of every platform", () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
      ),
    );
    assert.deepEqual(missing, []);
  });
});
