import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Document, isCollection, parseAllDocuments, visit } from "yaml";
import { type Binding, bind } from "../../src/binding/bind.ts";
import type { MeshObject } from "../../src/resources/parse-object.ts";
import { parseObject } from "../../src/resources/parse-object.ts";

/**
 * Each `NAME.in.yaml` of the folder holds objects, `NAME.out.yaml` what binding them yields. UPDATE_GOLDEN=1 writes
 * the outputs anew; look at the difference before you commit it. A first document of kind BindOptions may set
 * `strictGrants` and name files of `base/` whose objects belong to the case as well.
 */
const FOLDER = new URL("../golden/binding/", import.meta.url);
const IN = ".in.yaml";
const OUT = ".out.yaml";
/** In characters of JSON: as much as an endpoint takes. */
const LINE = 160;
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

interface Case {
  readonly strictGrants: boolean;
  readonly objects: readonly MeshObject[];
}

function readDocuments(file: string): readonly unknown[] {
  return parseAllDocuments(readFileSync(new URL(file, FOLDER), "utf8")).map((document) => {
    assert.deepEqual(document.errors, [], file);
    return document.toJS() as unknown;
  });
}

function parse(document: unknown): MeshObject {
  const parsed = parseObject(document);
  assert.ok(parsed.kind === "object", JSON.stringify({ parsed, document }));
  return parsed.object;
}

function readCase(file: string): Case {
  const [first, ...rest] = readDocuments(file);
  assert.ok(typeof first === "object" && first !== null);
  if (!("kind" in first && first.kind === "BindOptions")) {
    return { strictGrants: false, objects: [first, ...rest].map(parse) };
  }
  const {
    kind: _,
    strictGrants = false,
    base = [],
    ...unknown
  } = first as unknown as {
    readonly kind: string;
    readonly strictGrants?: boolean;
    readonly base?: readonly string[];
  };
  assert.deepEqual(unknown, {}, `${file}: unknown options`);
  const documents = [...base.flatMap((name) => readDocuments(`base/${name}.yaml`)), ...rest];
  return { strictGrants, objects: documents.map(parse) };
}

/** YAML with what fits on a line on one line, so that a difference is easy to see. */
function render(binding: Binding): string {
  const frontends = [...binding.frontends].map(([name, { producer, consumers }]): [string, unknown] => [
    name,
    { producer, ...(consumers.size > 0 && { consumers: Object.fromEntries(consumers) }) },
  ]);
  const document = new Document(
    {
      backends: Object.fromEntries(binding.backends),
      frontends: Object.fromEntries(frontends),
      statuses: binding.statuses,
      problems: binding.problems,
    },
    { aliasDuplicateObjects: false },
  );
  visit(document, {
    Collection(_key, node) {
      node.flow = isCollection(node) && JSON.stringify(node).length < LINE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

describe("golden cases of binding", () => {
  const files = readdirSync(FOLDER);
  const inputs = files.filter((file) => file.endsWith(IN));

  it("are in pairs", () => {
    const outputs = files.filter((file) => file.endsWith(OUT));
    assert.ok(isUpdate || inputs.length > 0);
    assert.deepEqual(
      outputs.filter((file) => !inputs.includes(file.replace(OUT, IN))),
      [],
    );
    assert.deepEqual(files.toSorted(), ["base", ...inputs, ...outputs].toSorted());
  });

  for (const input of inputs) {
    it(input.replace(IN, ""), () => {
      const { objects, strictGrants } = readCase(input);
      const rendered = render(bind(objects, { strictGrants }));
      const output = new URL(input.replace(IN, OUT), FOLDER);
      if (isUpdate) writeFileSync(output, rendered);
      assert.ok(existsSync(output), `${input} has no output: run the test with UPDATE_GOLDEN=1`);
      assert.equal(rendered, readFileSync(output, "utf8"));
    });
  }
});
