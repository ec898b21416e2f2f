import type { MeshObject } from "../resources/parse-object.ts";
import { isSameContent } from "../resources/same-content.ts";
import { type Claim, claimsOf, type FileClaims, objectKeyOf, objectLabel } from "./file-claims.ts";
import type { FileContent } from "./file-content.ts";
import type { ManifestSnapshot, SourceError } from "./manifest-snapshot.ts";

/** What is known of the folder: each file, and what all of them say together. */
export interface ManifestState {
  /** By name, in order of names. */
  readonly files: ReadonlyMap<string, FileState>;
  readonly snapshot: ManifestSnapshot;
}

export interface FileState extends FileClaims {
  readonly content: FileContent;
}

/** What was found in the folder. */
export interface FolderContent {
  /** By name below the folder. A content that did not change is the same reference as before. */
  readonly files: ReadonlyMap<string, FileContent>;
  /** Folders, and links, that lead to something that can't be read; by name, `.` for the whole folder. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export const EMPTY_STATE: ManifestState = { files: new Map(), snapshot: { objects: [], errors: [] } };

/**
 * The state after the folder was read anew. Pure, and the one place that decides what is in force:
 * - A file or folder that can't be read keeps all its last objects.
 * - An invalid object keeps its last valid version, from another file too, if it has moved.
 * - Of an object that is defined several times the first definition counts, by the order of file names; one that
 *   never was valid is none.
 * - What is gone from the folder is gone.
 *
 * What differs from the folder as written is among the errors. A snapshot without a change is the same reference.
 */
export function reduceManifests(previous: ManifestState, found: FolderContent): ManifestState {
  const objects = new Map(previous.snapshot.objects.map((object) => [keyOf(object), object]));
  const inForce = (key: string): MeshObject | undefined => objects.get(key);
  const files = new Map<string, FileState>();
  for (const name of namesOf(previous, found)) {
    const before = previous.files.get(name);
    const content = found.files.get(name);
    const state = content === undefined ? before : readFile(name, content, before, inForce);
    if (state !== undefined) files.set(name, state);
  }
  return { files, snapshot: unchangedOr(previous.snapshot, merge(files, found.unreadable, inForce)) };
}

/** The files that were found, and those that can't be looked for; in order. */
function namesOf(previous: ManifestState, found: FolderContent): readonly string[] {
  const names = new Set(found.files.keys());
  if (found.unreadable.size > 0) {
    for (const name of previous.files.keys()) {
      if (isUnreadable(name, found.unreadable)) names.add(name);
    }
  }
  return [...names].sort(byText);
}

/** Whether the file, or a folder that it is in, is among those that can't be read. */
function isUnreadable(name: string, unreadable: ReadonlyMap<string, string>): boolean {
  if (unreadable.has(WHOLE_FOLDER) || unreadable.has(name)) return true;
  for (let slash = name.indexOf("/"); slash !== -1; slash = name.indexOf("/", slash + 1)) {
    if (unreadable.has(name.slice(0, slash))) return true;
  }
  return false;
}

export const WHOLE_FOLDER = ".";

function readFile(
  file: string,
  content: FileContent,
  before: FileState | undefined,
  inForce: (key: string) => MeshObject | undefined,
): FileState {
  if (before?.content === content) return before;
  const claims = before?.claims ?? new Map<string, Claim>();
  return content.kind === "unreadable"
    ? { content, claims, errors: [{ file, message: content.message }] }
    : { content, ...claimsOf({ file, documents: content.documents, before: claims, inForce }) };
}

function merge(
  files: ReadonlyMap<string, FileState>,
  unreadable: ReadonlyMap<string, string>,
  inForce: (key: string) => MeshObject | undefined,
): ManifestSnapshot {
  const definitions = new Map<string, { readonly file: string; readonly object: MeshObject }>();
  const errors: SourceError[] = [...unreadable].map(([file, message]) => ({ file, message }));
  const unversioned = new Set<string>();
  for (const [file, state] of files) {
    errors.push(...state.errors);
    for (const [key, { identity, object }] of state.claims) {
      const first = definitions.get(key);
      if (object === undefined) unversioned.add(key);
      else if (first === undefined) definitions.set(key, { file, object });
      else {
        const message = `is defined in ${first.file} too, and that one counts`;
        errors.push({ file, object: objectLabel(identity), message });
      }
    }
  }
  const objects = new Map([...definitions].map(([key, { object }]) => [key, object]));
  for (const key of unversioned) {
    const last = inForce(key);
    if (last !== undefined && !objects.has(key)) objects.set(key, last);
  }
  return {
    objects: [...objects].sort(([one], [other]) => byText(one, other)).map(([, object]) => object),
    errors: errors.sort((one, other) => byText(one.file, other.file)),
  };
}

function unchangedOr(previous: ManifestSnapshot, next: ManifestSnapshot): ManifestSnapshot {
  const isUnchanged =
    previous.objects.length === next.objects.length &&
    previous.objects.every((object, index) => object === next.objects[index]) &&
    isSameContent(previous.errors, next.errors);
  return isUnchanged ? previous : next;
}

function keyOf({ kind, meta }: MeshObject): string {
  return objectKeyOf({ kind, namespace: meta.namespace, name: meta.name });
}

/** By code units: the same on every machine. */
function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
