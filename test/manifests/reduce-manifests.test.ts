import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { FileContent } from "../../src/manifests/file-content.ts";
import { EMPTY_STATE, type ManifestState, reduceManifests } from "../../src/manifests/reduce-manifests.ts";
import { type ParsedObject, parseObject } from "../../src/resources/parse-object.ts";
import { brokenService, errorLine, inForce, parsedService, serviceInput } from "./objects.ts";

/** A file with one document an object. */
function file(...objects: readonly ParsedObject[]): FileContent {
  return { kind: "documents", documents: objects.map((object) => [object]) };
}

const unreadable: FileContent = { kind: "unreadable", message: "is no YAML" };
const nameless = parseObject({ ...serviceInput("x"), metadata: {} });
const ignored = parseObject({ apiVersion: "apps/v1", kind: "Deployment" });

interface Step {
  readonly files: Readonly<Record<string, FileContent>>;
  readonly unreadable?: Readonly<Record<string, string>>;
  readonly objects: readonly string[];
  readonly errors?: readonly string[];
}

function reduce(
  state: ManifestState,
  { files, unreadable = {} }: Pick<Step, "files" | "unreadable">,
): ManifestState {
  return reduceManifests(state, {
    files: new Map(Object.entries(files)),
    unreadable: new Map(Object.entries(unreadable)),
  });
}

const portProblem = "spec.ports[0].port | must be between 1 and 65535, not 0";

const stories: readonly { name: string; steps: readonly Step[] }[] = [
  { name: "an empty folder", steps: [{ files: {}, objects: [] }] },
  {
    name: "objects of several files, sorted by kind, namespace and name",
    steps: [
      {
        files: {
          "b.yaml": file(parsedService("a")),
          "a.yaml": file(parsedService("c"), ignored, parsedService("b")),
        },
        objects: ["a:80", "b:80", "c:80"],
      },
    ],
  },
  {
    name: "edits, additions and deletions",
    steps: [
      { files: { "a.yaml": file(parsedService("a"), parsedService("b")) }, objects: ["a:80", "b:80"] },
      {
        files: { "a.yaml": file(parsedService("a", 81)), "c.yaml": file(parsedService("c")) },
        objects: ["a:81", "c:80"],
      },
      { files: { "c.yaml": file(parsedService("c")) }, objects: ["c:80"] },
      { files: {}, objects: [] },
    ],
  },
  {
    name: "a file that can't be read, from the start: it has nothing",
    steps: [
      { files: { "a.yaml": unreadable }, objects: [], errors: ["a.yaml | is no YAML"] },
      { files: { "a.yaml": file(parsedService("a")) }, objects: ["a:80"] },
    ],
  },
  {
    name: "a file that can't be read any more: it keeps all",
    steps: [
      { files: { "a.yaml": file(parsedService("a"), parsedService("b")) }, objects: ["a:80", "b:80"] },
      { files: { "a.yaml": unreadable }, objects: ["a:80", "b:80"], errors: ["a.yaml | is no YAML"] },
      {
        files: { "a.yaml": { kind: "unreadable", message: "may not be read" } },
        objects: ["a:80", "b:80"],
        errors: ["a.yaml | may not be read"],
      },
      { files: { "a.yaml": file(parsedService("b")) }, objects: ["b:80"] },
    ],
  },
  {
    name: "an invalid object, from the start: it is absent, its neighbours are not",
    steps: [
      {
        files: { "a.yaml": file(brokenService("a"), parsedService("b")) },
        objects: ["b:80"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
    ],
  },
  {
    name: "an object that becomes invalid: it keeps its version, its neighbours change",
    steps: [
      { files: { "a.yaml": file(parsedService("a"), parsedService("b")) }, objects: ["a:80", "b:80"] },
      {
        files: { "a.yaml": file(brokenService("a"), parsedService("b", 81)) },
        objects: ["a:80", "b:81"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
      { files: { "a.yaml": unreadable }, objects: ["a:80", "b:81"], errors: ["a.yaml | is no YAML"] },
      { files: { "a.yaml": file(parsedService("b", 81)) }, objects: ["b:81"] },
    ],
  },
  {
    name: "an object that becomes invalid while it moves to another file",
    steps: [
      { files: { "a.yaml": file(parsedService("a")) }, objects: ["a:80"] },
      {
        files: { "b.yaml": file(brokenService("a")) },
        objects: ["a:80"],
        errors: [`b.yaml | Service default/a | ${portProblem}`],
      },
    ],
  },
  {
    name: "an object that loses its name: any that is missing may be the one",
    steps: [
      { files: { "a.yaml": file(parsedService("a"), parsedService("b")) }, objects: ["a:80", "b:80"] },
      {
        files: { "a.yaml": file(nameless, parsedService("b", 81)) },
        objects: ["a:80", "b:81"],
        errors: ["a.yaml | metadata.name | is required"],
      },
      { files: { "a.yaml": file(parsedService("b", 81)) }, objects: ["b:81"] },
    ],
  },
  {
    name: "the same object in two files: the first counts, the other one is there when it goes",
    steps: [
      {
        files: { "b.yaml": file(parsedService("a", 81)), "a.yaml": file(parsedService("a", 80)) },
        objects: ["a:80"],
        errors: ["b.yaml | Service default/a | is defined in a.yaml too, and that one counts"],
      },
      { files: { "b.yaml": file(parsedService("a", 81)) }, objects: ["a:81"] },
    ],
  },
  {
    name: "names in order of their characters, folders included",
    steps: [
      {
        files: { "a/z.yaml": file(parsedService("a", 1)), "a.yaml": file(parsedService("a", 2)) },
        objects: ["a:2"],
        errors: ["a/z.yaml | Service default/a | is defined in a.yaml too, and that one counts"],
      },
    ],
  },
  {
    name: "the same object twice in a file",
    steps: [
      {
        files: { "a.yaml": file(parsedService("a", 80), parsedService("a", 81), brokenService("a")) },
        objects: ["a:80"],
        errors: [
          "a.yaml | Service default/a | is defined twice; the first counts",
          `a.yaml | Service default/a | ${portProblem}`,
          "a.yaml | Service default/a | is defined twice; the first counts",
        ],
      },
    ],
  },
  {
    name: "an invalid first definition: the next one counts, until the first is put right",
    steps: [
      {
        files: { "a.yaml": file(brokenService("a")), "b.yaml": file(parsedService("a", 81)) },
        objects: ["a:81"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
      {
        files: { "a.yaml": file(parsedService("a", 80)), "b.yaml": file(parsedService("a", 81)) },
        objects: ["a:80"],
        errors: ["b.yaml | Service default/a | is defined in a.yaml too, and that one counts"],
      },
      {
        files: { "a.yaml": file(brokenService("a")), "b.yaml": file(parsedService("a", 81)) },
        objects: ["a:80"],
        errors: [
          `a.yaml | Service default/a | ${portProblem}`,
          "b.yaml | Service default/a | is defined in a.yaml too, and that one counts",
        ],
      },
    ],
  },
  {
    name: "an invalid first definition that changes: the next one goes on to count",
    steps: [
      { files: { "b.yaml": file(parsedService("a", 81)) }, objects: ["a:81"] },
      {
        files: { "a.yaml": file(brokenService("a")), "b.yaml": file(parsedService("a", 81)) },
        objects: ["a:81"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
      {
        files: { "a.yaml": file(brokenService("a")), "b.yaml": file(parsedService("a", 82)) },
        objects: ["a:82"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
      {
        files: { "a.yaml": file(brokenService("a")) },
        objects: ["a:82"],
        errors: [`a.yaml | Service default/a | ${portProblem}`],
      },
      { files: {}, objects: [] },
    ],
  },
  {
    name: "an invalid first definition in the same file",
    steps: [
      {
        files: { "a.yaml": file(brokenService("a"), parsedService("a")) },
        objects: ["a:80"],
        errors: [
          `a.yaml | Service default/a | ${portProblem}`,
          "a.yaml | Service default/a | is defined twice; the first counts",
        ],
      },
    ],
  },
  {
    name: "the same name in two namespaces",
    steps: [
      {
        files: {
          "a.yaml": file(
            parsedService("a", 1, "n"),
            parsedService("a", 2, "m-x"),
            parsedService("a", 3, "m"),
          ),
        },
        objects: ["a:3", "a:2", "a:1"],
      },
    ],
  },
  {
    name: "a subfolder that can't be read: its files keep all",
    steps: [
      {
        files: {
          "s/a.yaml": file(parsedService("a")),
          "s/t/b.yaml": file(parsedService("b")),
          "sx.yaml": file(),
        },
        objects: ["a:80", "b:80"],
      },
      {
        files: {},
        unreadable: { "s/t": "may not be read" },
        objects: ["b:80"],
        errors: ["s/t | may not be read"],
      },
      { files: {}, objects: [] },
    ],
  },
  {
    name: "a link that leads nowhere any more",
    steps: [
      { files: { "a.yaml": file(parsedService("a")) }, objects: ["a:80"] },
      {
        files: {},
        unreadable: { "a.yaml": "is a link that leads nowhere" },
        objects: ["a:80"],
        errors: ["a.yaml | is a link that leads nowhere"],
      },
    ],
  },
  {
    name: "a folder that is gone: all stays until it is back",
    steps: [
      { files: {}, unreadable: { ".": "does not exist" }, objects: [], errors: [". | does not exist"] },
      {
        files: { "a.yaml": file(parsedService("a")), "s/b.yaml": file(parsedService("b")) },
        objects: ["a:80", "b:80"],
      },
      {
        files: {},
        unreadable: { ".": "does not exist" },
        objects: ["a:80", "b:80"],
        errors: [". | does not exist"],
      },
      { files: { "a.yaml": file(parsedService("a", 81)) }, objects: ["a:81"] },
    ],
  },
];

describe("reduceManifests", () => {
  for (const { name, steps } of stories) {
    it(`handles ${name}`, () => {
      let state = EMPTY_STATE;
      for (const step of steps) {
        state = reduce(state, step);
        assert.deepEqual(inForce(state.snapshot), step.objects);
        assert.deepEqual(state.snapshot.errors.map(errorLine), step.errors ?? []);
      }
    });
  }

  it("keeps the reference of an object that says the same in other words, or in another file", () => {
    const first = reduce(EMPTY_STATE, { files: { "a.yaml": file(parsedService("a"), parsedService("b")) } });
    const reworded = parseObject({ ...serviceInput("a"), status: {}, futureField: 1 });
    const second = reduce(first, {
      files: { "a.yaml": file(parsedService("b", 81)), "b.yaml": file(reworded) },
    });
    assert.equal(second.snapshot.objects[0], first.snapshot.objects[0]);
    assert.notEqual(second.snapshot.objects[1], first.snapshot.objects[1]);
  });

  it("keeps the snapshot where nothing changed but words", () => {
    const first = reduce(EMPTY_STATE, {
      files: { "a.yaml": file(parsedService("a")), "b.yaml": unreadable },
    });
    const second = reduce(first, {
      files: { "a.yaml": file(parsedService("a"), ignored), "b.yaml": { ...unreadable } },
    });
    assert.equal(second.snapshot, first.snapshot);
  });

  it("does not look into a file that did not change", () => {
    const content = file(parsedService("a"));
    const first = reduce(EMPTY_STATE, { files: { "a.yaml": content } });
    const second = reduce(first, { files: { "a.yaml": content, "b.yaml": file(parsedService("b")) } });
    assert.equal(second.files.get("a.yaml"), first.files.get("a.yaml"));
  });

  const object = fc.oneof(
    fc
      .record({ name: fc.constantFrom("a", "b", "c"), port: fc.integer({ min: 1, max: 3 }) })
      .map(({ name, port }) => parsedService(name, port)),
    fc.constantFrom("a", "b", "c").map(brokenService),
    fc.constantFrom(nameless, ignored),
  );
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.array(object, { maxLength: 4 }).map((objects) => file(...objects)) },
    { weight: 1, arbitrary: fc.constant(unreadable) },
  );
  const folder = fc.dictionary(fc.constantFrom("a.yaml", "b.yaml", "s/c.yaml", "s/t/d.yaml"), content);
  const blocked = fc.dictionary(fc.constantFrom(".", "s", "s/t", "a.yaml"), fc.constant("may not be read"), {
    maxKeys: 1,
  });
  const history = fc.array(fc.record({ files: folder, unreadable: blocked }), { minLength: 1, maxLength: 6 });

  it("depends on what the folder says, not on the order in which it was found", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const backwards = steps.map((step) => ({
          ...step,
          files: Object.fromEntries(Object.entries(step.files).reverse()),
        }));
        assert.deepEqual(
          steps.reduce(reduce, EMPTY_STATE).snapshot,
          backwards.reduce(reduce, EMPTY_STATE).snapshot,
        );
      }),
    );
  });

  it("comes to rest at once, and does not change what it was given", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const state = steps.reduce(reduce, EMPTY_STATE);
        const before = structuredClone(state.snapshot);
        const [last] = steps.slice(-1);
        assert.ok(last);
        assert.equal(reduce(state, last).snapshot, state.snapshot);
        assert.deepEqual(structuredClone(state.snapshot), before);
      }),
    );
  });

  it("never loses an object that the folder still names, nor invents one", () => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = EMPTY_STATE;
        const seen = new Set<string>();
        for (const step of steps) {
          const valid = Object.values(step.files).flatMap(validNames);
          const last = new Set(state.snapshot.objects.map(({ meta }) => meta.name));
          for (const name of valid) seen.add(name);
          state = reduce(state, step);
          const now = state.snapshot.objects.map(({ meta }) => meta.name);
          assert.deepEqual(now, [...new Set(now)].sort());
          assert.ok(now.every((name) => seen.has(name)));
          assert.ok(valid.every((name) => !last.has(name) || now.includes(name)));
        }
      }),
    );
  });

  it("is a function of the last folder where all of it could be read and is valid", () => {
    const valid = fc.dictionary(
      fc.constantFrom("a.yaml", "b.yaml", "s/c.yaml"),
      fc.array(object.filter((parsed) => parsed.kind === "object")).map((objects) => file(...objects)),
    );
    fc.assert(
      fc.property(history, valid, (steps, files) => {
        const fromHistory = reduce(steps.reduce(reduce, EMPTY_STATE), { files });
        assert.deepEqual(fromHistory.snapshot, reduce(EMPTY_STATE, { files }).snapshot);
      }),
    );
  });
});

function validNames(content: FileContent): readonly string[] {
  const documents = content.kind === "documents" ? content.documents : [];
  return documents.flat().flatMap((parsed) => (parsed.kind === "object" ? [parsed.object.meta.name] : []));
}
