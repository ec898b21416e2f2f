import assert from "node:assert/strict";
import { type ManifestText, type ReadManifest, readManifest } from "../../src/manifests/read-manifest.ts";
import { loadYamlReader, type YamlReader } from "../../src/manifests/yaml-reader.ts";
import { serviceInput, serviceYaml } from "./objects.ts";

describe("readManifest", () => {
  let yaml: YamlReader;
  let read: readonly string[] = [];
  let pauses = 0;

  before(async () => {
    yaml = await loadYamlReader();
  });

  beforeEach(() => {
    read = [];
    pauses = 0;
  });

  function reading(text: string, more: Partial<ManifestText> = {}): Promise<ReadManifest> {
    return readManifest(
      { text, isJson: false, cache: new Map(), ...more },
      {
        readYaml: (part) => {
          read = [...read, part];
          return yaml(part);
        },
        pause: () => {
          pauses++;
          return Promise.resolve();
        },
      },
    );
  }

  function names({ content }: ReadManifest): readonly string[] {
    assert.ok(content.kind === "documents");
    return content.documents
      .flat()
      .map((parsed) => (parsed.kind === "object" ? parsed.object.meta.name : parsed.kind));
  }

  it("reads the documents in order", async () => {
    const text = `${serviceYaml("a")}---\n---\n${serviceYaml("b")}---\nkind: X\napiVersion: y\n`;
    assert.deepEqual(names(await reading(text)), ["a", "b", "ignored"]);
  });

  it("parses what changed, and gives the same objects for the rest", async () => {
    const documents = [serviceYaml("a"), serviceYaml("b"), serviceYaml("c")];
    const first = await reading(documents.join("---\n"));
    const second = await reading(
      ["# new\n---\n", documents[0], "---\n", serviceYaml("b", 81), "---\n", documents[2]].join(""),
      {
        cache: first.cache,
      },
    );
    assert.deepEqual(names(second), ["a", "b", "c"]);
    assert.ok(first.content.kind === "documents" && second.content.kind === "documents");
    assert.equal(second.content.documents[3], first.content.documents[2]);
    assert.notEqual(second.content.documents[2], first.content.documents[1]);
    assert.equal(read.length, 3 + 3);
    assert.equal(second.cache.size, 4);
  });

  it("reads JSON by the platform's own parser", async () => {
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [serviceInput("a"), serviceInput("b")],
    });
    const first = await reading(text, { isJson: true });
    assert.deepEqual(names(first), ["a", "b"]);
    const second = await reading(text, { isJson: true, cache: first.cache });
    assert.ok(first.content.kind === "documents" && second.content.kind === "documents");
    assert.equal(second.content.documents[0], first.content.documents[0]);
    assert.deepEqual(read, []);
  });

  const unreadable: readonly { name: string; text: string; isJson?: boolean; message: RegExp }[] = [
    { name: "an empty file, which may be about to be written", text: "", message: /^is empty; delete it/ },
    { name: "an empty JSON file", text: "", isJson: true, message: /^is empty; delete it/ },
    { name: "malformed JSON", text: '{"a": ', isJson: true, message: /^is no JSON: / },
    { name: "malformed YAML", text: "a: [\n", message: /^is no YAML, line 2: / },
    {
      name: "malformed YAML in a later document",
      text: `${serviceYaml("a")}---\n${serviceYaml("b")}---\nkind: 'x\n`,
      message: /^is no YAML, line 12: /,
    },
    {
      name: "an alias of nothing, whose line nobody knows",
      text: `${serviceYaml("a")}---\na: *b\n`,
      message: /^is no YAML, document at line 5: /,
    },
  ];
  for (const { name, text, isJson = false, message } of unreadable) {
    it(`can't read ${name}, and keeps its cache`, async () => {
      const cache = new Map([["x", []]]);
      const result = await reading(text, { isJson, cache });
      assert.ok(result.content.kind === "unreadable");
      assert.match(result.content.message, message);
      assert.equal(result.cache, cache);
    });
  }

  it("has no objects where there are only comments", async () => {
    assert.deepEqual(names(await reading("# nothing here\n")), []);
  });

  it("lets others go on between documents", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => serviceYaml(`s${index}`)).join("---\n");
    const { cache } = await reading(many);
    assert.ok(pauses >= Math.floor(many.length / 17_000), `${pauses} pauses`);
    const before = pauses;
    await reading(many, { cache });
    assert.equal(pauses, before);
  });
});
