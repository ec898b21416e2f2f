import type { MeshObject, ObjectIdentity, ParsedObject } from "../resources/parse-object.ts";
import { isSameContent } from "../resources/same-content.ts";
import type { ManifestDocument } from "./file-content.ts";
import type { SourceError } from "./manifest-snapshot.ts";

/** That a file defines an object. */
export interface Claim {
  readonly identity: ObjectIdentity;
  /** Its last valid version in this file; absent where there never was one. */
  readonly object: MeshObject | undefined;
}

/** What one file defines, by object key, and what is wrong with it. */
export interface FileClaims {
  readonly claims: ReadonlyMap<string, Claim>;
  readonly errors: readonly SourceError[];
}

/** One key an object, in the order of the snapshot: by kind, namespace, name. */
export function objectKeyOf({ kind, namespace, name }: ObjectIdentity): string {
  return `${kind}\0${namespace}\0${name}`;
}

/** How errors name an object. */
export function objectLabel({ kind, namespace, name }: ObjectIdentity): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

export interface FileReading {
  readonly file: string;
  readonly documents: readonly ManifestDocument[];
  /** What the file defined before. */
  readonly before: ReadonlyMap<string, Claim>;
  /** The version of an object that is in force, from whatever file. */
  readonly inForce: (key: string) => MeshObject | undefined;
}

/**
 * What a file defines. An invalid object keeps its last version. Where of an invalid document it can't be told what
 * it defines, it may be any of the file's last objects that are missing now: they all stay.
 */
export function claimsOf(reading: FileReading): FileClaims {
  const { file, before } = reading;
  const claims = new Map<string, Claim>();
  const errors: SourceError[] = [];
  let isAnyUnknown = false;
  for (const parsed of reading.documents.flat()) {
    errors.push(...problemsOf(file, parsed));
    const identity = identityOf(parsed);
    if (identity === undefined) {
      isAnyUnknown ||= parsed.kind === "invalid";
      continue;
    }
    const key = objectKeyOf(identity);
    const earlier = claims.get(key);
    if (earlier !== undefined) {
      errors.push({ file, object: objectLabel(identity), message: "is defined twice; the first counts" });
    }
    if (earlier?.object === undefined) claims.set(key, { identity, object: versionOf(parsed, key, reading) });
  }
  const missing = isAnyUnknown ? [...before].filter(([key]) => !claims.has(key)) : [];
  return { claims: new Map([...claims, ...missing]), errors };
}

function identityOf(parsed: ParsedObject): ObjectIdentity | undefined {
  switch (parsed.kind) {
    case "object": {
      const { kind, meta } = parsed.object;
      return { kind, namespace: meta.namespace, name: meta.name };
    }
    case "invalid":
      return parsed.identity;
    case "ignored":
      return undefined;
  }
}

/** The file's last version, if this one is invalid. One that says the same as before stays the same reference. */
function versionOf(
  parsed: ParsedObject,
  key: string,
  { before, inForce }: FileReading,
): MeshObject | undefined {
  const own = before.get(key)?.object;
  if (parsed.kind !== "object") return own;
  const last = own ?? inForce(key);
  return isSameContent(parsed.object, last) ? last : parsed.object;
}

function problemsOf(file: string, parsed: ParsedObject): readonly SourceError[] {
  if (parsed.kind !== "invalid") return [];
  const { identity, problems } = parsed;
  return problems.map(({ path, message }) => ({
    file,
    ...(identity === undefined ? {} : { object: objectLabel(identity) }),
    ...(path === "" ? {} : { path }),
    message,
  }));
}
