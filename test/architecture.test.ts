import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { type Import, importsOfFile } from "./support/imports.ts";

/**
 * Who may use what, and why. `imports` and `types` name folders of src/ (types: by `import type` only), `builtins` the
 * `node:` modules and `packages` what comes from npm. What is not listed is forbidden.
 */
interface Rule {
  readonly why: string;
  readonly imports?: readonly string[] | "everything";
  readonly types?: readonly string[];
  readonly builtins?: readonly string[];
  readonly packages?: readonly string[];
}

const rules: Readonly<Record<string, Rule>> = {
  resources: {
    why: "the vocabulary is pure and stands on nothing, so that everything can stand on it",
    packages: ["re2js"],
  },
  binding: {
    why: "binding is a pure function of parsed objects: controller, proxy and explain must get the same outcome",
    imports: ["resources"],
  },
  routing: {
    why: "a decision depends on the frontend and the request head alone, on the hot path and in explain alike",
    imports: ["resources"],
    types: ["binding"],
  },
  balancing: {
    why: "a choice is a function of state, input, time and a random number, so that it can be tested as one",
    types: ["binding"],
  },
  http1: { why: "a codec knows bytes and nothing of sockets or routes, so that it can be fuzzed alone" },
  http2: { why: "a codec knows bytes and nothing of sockets or routes, so that it can be fuzzed alone" },
  proxy: {
    why: "the run time declares the ports that it needs; whoever wires it hands them in (no files, no clock of its own)",
    imports: ["routing", "balancing", "http1", "http2"],
    types: ["binding"],
    builtins: ["net"],
  },
  discovery: {
    why: "both ends of the configuration protocol share it, so it may lean on neither",
    imports: ["resources"],
    types: ["binding"],
    builtins: ["fs", "fs/promises", "path", "crypto", "net", "dns", "tls", "http2"],
    packages: ["@grpc/grpc-js", "@bufbuild/protobuf"],
  },
  controller: {
    why: "the control plane publishes what binding says and never carries traffic",
    imports: ["resources", "binding", "discovery"],
    builtins: ["crypto"],
    // Typed calls and certificates; neither is ever loaded by the sidecar.
    packages: ["@kubernetes/client-node", "@peculiar/x509", "reflect-metadata"],
  },
  kubernetes: {
    why: "a source of objects knows how to get them, not what they are for",
    imports: ["resources"],
    // http: kubectl proxy speaks nothing else.
    builtins: ["fs", "fs/promises", "path", "http", "https", "crypto", "util"],
    packages: ["@kubernetes/client-node"],
  },
  manifests: {
    why: "a source of objects knows how to get them, not what they are for",
    imports: ["resources"],
    builtins: ["fs", "fs/promises", "path"],
    packages: ["yaml"],
  },
  telemetry: {
    why: "metrics and logs are told what happened: they know neither routes nor sockets",
  },
  admin: {
    why: "the endpoints show what they are given through ports of their own, and can't reach into what gives it",
    imports: ["http1"],
    builtins: ["net"],
  },
  platform: {
    why: "what touches the operating system knows nothing of the mesh",
    builtins: ["crypto", "ffi", "fs", "os", "v8"],
  },
  cli: {
    why: "the commands wire all parts together, so nothing may import them",
    imports: "everything",
    builtins: [
      "child_process",
      "crypto",
      "events",
      "fs",
      "fs/promises",
      "http",
      "net",
      "os",
      "path",
      "readline",
      "stream",
      "tty",
      "util",
    ],
    // client-node: `status` reaches controllers through the API server.
    packages: ["yaml", "@kubernetes/client-node"],
  },
};

const pure = new Set(["resources", "binding", "routing", "balancing", "http1", "http2"]);

/** Each costs the sidecar megabytes at rest; own codecs and ports stand in for them. */
const heavy = new Set(["http", "https", "http2", "tls", "dns", "worker_threads", "cluster", "inspector"]);
const mayLoadHeavy = new Set(["kubernetes", "cli"]);
/** Sidecars that have a controller need them for its stream, and load them for that. */
const mayLoadHeavyLater = new Set(["discovery"]);

const junk = /^(utils?|helpers?|common|misc|types|index|manager|impl|.*-impl|.*-utils?|.*-helpers?)\.ts$/;

interface SourceFile {
  readonly path: string;
  /** The first folder below src/. */
  readonly folder: string;
  readonly imports: readonly Import[];
}

const root = join(import.meta.dirname, "..");
const files: readonly SourceFile[] = globSync("src/**/*.ts", { cwd: root }).map((path) => ({
  path,
  folder: path.split(sep)[1] ?? "",
  imports: importsOfFile(join(root, path)),
}));

/** What an import means: another folder of src/ (its own included), a module of Node, or a package. */
type Target =
  | { readonly kind: "file"; readonly path: string; readonly folder: string }
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "package"; readonly name: string };

function targetOf(from: string, specifier: string): Target {
  if (specifier.startsWith(".")) {
    const path = join(dirname(from), specifier);
    return { kind: "file", path, folder: path.startsWith(`src${sep}`) ? (path.split(sep)[1] ?? "") : path };
  }
  if (specifier.startsWith("node:")) return { kind: "builtin", name: specifier.slice(5) };
  const parts = specifier.split("/");
  return { kind: "package", name: parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/") };
}

/** The sentence that tells what an import breaks, or nothing. */
function breachOf(file: SourceFile, { specifier, kind }: Import): string | undefined {
  const rule = rules[file.folder];
  if (rule === undefined) return `${file.path}: src/${file.folder} has no rule in this test's table`;
  const target = targetOf(file.path, specifier);
  const because = `because ${rule.why}`;
  switch (target.kind) {
    case "file": {
      if (target.folder === file.folder || rule.imports === "everything") return undefined;
      if (rule.imports?.includes(target.folder)) return undefined;
      const asTypes = rule.types?.includes(target.folder) === true;
      if (asTypes && kind === "types") return undefined;
      const how = asTypes ? "anything but types of" : "from";
      return `${file.path} must not import ${how} ${target.folder} (${specifier}), ${because}`;
    }
    case "builtin":
      if (rule.builtins?.includes(target.name)) return undefined;
      return `${file.path} must not import ${specifier}, ${because}`;
    case "package":
      if (rule.packages?.includes(target.name)) return undefined;
      return `${file.path} must not import the package ${target.name}, ${because}`;
  }
}

/** The first cycle among imports of values, as the files on it. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (at: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return undefined;
    done.add(at);
    for (const next of edges.get(at) ?? []) {
      const cycle = visit(next, [...way, at]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  for (const start of edges.keys()) {
    const cycle = visit(start, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

const pathOf = (from: string, i: Import): string[] => {
  const target = targetOf(from, i.specifier);
  return target.kind === "file" ? [target.path] : [];
};

describe("architecture", () => {
  it("is looked at", () => assert.ok(files.length >= 9));

  for (const file of files) {
    it(`lets ${file.path} import what it imports`, () => {
      assert.deepEqual(
        file.imports.map((i) => breachOf(file, i)).filter((b) => b !== undefined),
        [],
      );
    });
  }

  it("has no cycle between folders, types included", () => {
    const edges = Object.entries(rules).map(
      ([folder, { imports = [], types = [] }]) =>
        [folder, imports === "everything" ? [] : [...imports, ...types]] as const,
    );
    assert.equal(findCycle(new Map(edges)), undefined);
  });

  it("has no cycle between files, types aside", () => {
    const edges = files.map((file) => {
      const values = file.imports.filter((i) => i.kind !== "types");
      return [file.path, values.flatMap((i) => pathOf(file.path, i))] as const;
    });
    assert.equal(findCycle(new Map(edges)), undefined);
  });

  it("keeps pure folders off Node and off packages that do more than compute", () => {
    for (const folder of pure) {
      assert.deepEqual(rules[folder]?.builtins ?? [], [], `${folder} must stay pure`);
      assert.deepEqual(
        (rules[folder]?.packages ?? []).filter((name) => name !== "re2js"),
        [],
      );
    }
  });

  it("keeps Node's own HTTP, TLS and DNS out of the sidecar", () => {
    const found = files
      .filter((file) => !mayLoadHeavy.has(file.folder))
      .flatMap((file) =>
        file.imports
          .filter((i) => heavy.has(i.specifier.replace("node:", "")))
          .filter((i) => !mayLoadHeavyLater.has(file.folder) || i.kind === "value")
          // Only the controller loads it.
          .filter(() => dirname(file.path) !== join("src", "discovery", "server")),
      );
    assert.deepEqual(found, []);
  });

  it("writes Node's modules with node:", () => {
    const names = new Set(builtinModules.filter((name) => !name.startsWith("node:")));
    const bare = files.flatMap((file) => file.imports.filter((i) => names.has(i.specifier)));
    assert.deepEqual(bare, []);
  });

  it("loads modules by import alone, but for src/platform", () => {
    const other = /\b(getBuiltinModule|createRequire|require)\(/;
    const found = files.filter(
      (f) => f.folder !== "platform" && other.test(readFileSync(join(root, f.path), "utf8")),
    );
    assert.deepEqual(
      found.map((f) => f.path),
      [],
    );
  });

  it("has no barrels: a thing is imported from where it is defined", () => {
    assert.deepEqual(
      files.filter((file) => file.imports.some((i) => i.isReExport)).map((f) => f.path),
      [],
    );
  });

  it("has no default exports", () => {
    const found = files.filter((f) =>
      /^export default\b|\bas default\b/m.test(readFileSync(join(root, f.path), "utf8")),
    );
    assert.deepEqual(
      found.map((f) => f.path),
      [],
    );
  });

  it("names files after one concept each, in kebab-case", () => {
    const names = files.map((file) => file.path.split(sep).at(-1) ?? "");
    assert.deepEqual(
      names.filter((name) => junk.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name)),
      [],
    );
  });

  it("keeps tests out of the sources, and test/support on its own feet", () => {
    const support = globSync("test/support/**/*.ts", { cwd: root }).filter(
      (path) => !path.endsWith(".test.ts"),
    );
    const reach = [...files.map((f) => f.path), ...support].flatMap((path) =>
      importsOfFile(join(root, path))
        .flatMap((i) => pathOf(path, i))
        .filter(
          (to) =>
            to.startsWith(`test${sep}`) && !(path.startsWith("test") && to.startsWith(`test${sep}support`)),
        )
        .map((to) => `${path} imports ${to}`),
    );
    assert.deepEqual(reach, []);
  });

  it("reads imports as esbuild does", async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: files.map((f) => f.path),
      outdir: ".cache/unused",
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      write: false,
      metafile: true,
    });
    const theirs = Object.entries(metafile.inputs).map(([path, input]) => {
      const edges = input.imports.filter((i) => i.path !== "<runtime>");
      return [
        path,
        edges.map((i) => (i.external === true ? i.path : (i.original ?? i.path))).sort(),
      ] as const;
    });
    const ours = files.map((file) => {
      const values = file.imports.filter((i) => i.kind !== "types");
      return [file.path, values.map((i) => i.specifier).sort()] as const;
    });
    assert.deepEqual(new Map(ours), new Map(theirs));
  });
});

describe("ARCHITECTURE.md", () => {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const inside = (folder: string): string[] =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => relative(root, join(root, folder, entry.name)))
      : [];
  const mirrors = new Set([...inside("src"), ...inside("injector")].map((folder) => basename(folder)));
  const ofTests = inside("test").filter((folder) => !mirrors.has(basename(folder)));
  for (const folder of [...inside("src"), ...inside("injector"), ...ofTests]) {
    it(`says what ${folder}/ is for`, () => {
      const line = new RegExp(`^\\| *\`${folder}/\` *\\| *[^\\s|]`, "m");
      assert.ok(line.test(text), `ARCHITECTURE.md needs a line "| \`${folder}/\` | its one job |"`);
    });
  }
});
