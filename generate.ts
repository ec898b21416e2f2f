// npm run generate: writes the TypeScript code of the .proto files, which is kept in git.
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = import.meta.dirname;
const protos = join(root, "src/discovery/proto");
const protoc = fileURLToPath(import.meta.resolve("protoc/protoc.cjs"));
const plugin = fileURLToPath(import.meta.resolve("ts-proto/protoc-gen-ts_proto"));

/** Where the generated code is kept. */
export const GENERATED = join(root, "src/discovery/generated");

/**
 * Tagged unions for oneofs; what a newer controller adds stays visible as unknown fields; maps as Map, since names may
 * be `__proto__`; no services, since the server sends bytes that it keeps encoded.
 */
const options = [
  "oneof=unions-value",
  "importSuffix=.ts",
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "unknownFields=true",
  "useMapType=true",
  "outputServices=none",
  "outputJsonMethods=false",
  "outputPartialMethods=false",
  "esModuleInterop=true",
];

/** Empties the folder and writes one file for each .proto file into it. The same sources give the same bytes. */
export function generate(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = globSync("**/*.proto", { cwd: protos }).sort();
  const { status, error, stderr } = spawnSync(
    process.execPath,
    [
      protoc,
      `--plugin=${plugin}`,
      `--proto_path=${protos}`,
      `--ts_proto_out=${folder}`,
      `--ts_proto_opt=${options.join(",")}`,
      ...names,
    ],
    {
      encoding: "utf8",
      // The plugin is a script, started by the first node on the path.
      env: { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) },
    },
  );
  if (status !== 0) throw new Error(`protoc failed: ${stderr}`, { cause: error });
}

if (import.meta.main) generate(GENERATED);
