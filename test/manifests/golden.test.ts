import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Document, isCollection, visit } from "yaml";
import type { ManifestSnapshot } from "../../src/manifests/manifest-snapshot.ts";
import { readManifest } from "../../src/manifests/read-manifest.ts";
import { EMPTY_STATE, reduceManifests } from "../../src/manifests/reduce-manifests.ts";
import { loadYamlReader } from "../../src/manifests/yaml-reader.ts";

/**
 * `NAME.out.yaml` is what a folder that holds `NAME.in.yaml` alone comes to. UPDATE_GOLDEN=1 writes the outputs anew;
 * look at the difference before you commit it.
 */
const FOLDER = new URL("../golden/manifests/", import.meta.url);
const IN = ".in.yaml";
/** In characters of JSON. */
const LINE = 120;
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

async function read(file: string): Promise<ManifestSnapshot> {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  const reading = { readYaml: await loadYamlReader(), pause: () => Promise.resolve() };
  const { content } = await readManifest({ text, isJson: false, cache: new Map() }, reading);
  return reduceManifests(EMPTY_STATE, { files: new Map([[file, content]]), unreadable: new Map() }).snapshot;
}

/** YAML with what fits on a line on one line, so that a difference is easy to see. */
function render(snapshot: ManifestSnapshot): string {
  const document = new Document(snapshot, { aliasDuplicateObjects: false });
  visit(document, {
    Collection(_key, node) {
      node.flow = isCollection(node) && JSON.stringify(node).length < LINE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

describe("golden manifests", () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(IN))) {
    it(file.slice(0, -IN.length), async () => {
      const expected = new URL(file.replace(IN, ".out.yaml"), FOLDER);
      const actual = render(await read(file));
      if (isUpdate || !existsSync(expected)) writeFileSync(expected, actual);
      assert.equal(actual, readFileSync(expected, "utf8"));
    });
  }
});
