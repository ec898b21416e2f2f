import type { Locality } from "../../balancing/candidates.ts";
import { bind } from "../../binding/bind.ts";
import type { ManifestSnapshot } from "../../manifests/manifest-snapshot.ts";
import { startManifestSource } from "../../manifests/manifest-source.ts";
import { systemClock } from "../../platform/clock.ts";
import type { ExplainedMesh } from "./explain-url.ts";
import { describeSourceError } from "./source-problem.ts";

export interface ManifestMeshOptions {
  readonly directory: string;
  readonly strictGrants: boolean;
  readonly locality: Locality;
}

/** What a folder of manifests comes to, read once as the proxy reads it; a message where the folder can't be read. */
export async function readManifestMesh({
  directory,
  strictGrants,
  locality,
}: ManifestMeshOptions): Promise<ExplainedMesh | string> {
  let snapshot: ManifestSnapshot = { objects: [], errors: [] };
  await using _ = await startManifestSource({
    directory,
    onSnapshot: (first) => {
      snapshot = first;
    },
    clock: systemClock,
  });
  const unreadable = snapshot.errors.find(({ file }) => file === ".");
  if (unreadable !== undefined) return `${directory} ${unreadable.message}`;
  return {
    binding: bind(snapshot.objects, { strictGrants }),
    locality,
    sourceProblems: snapshot.errors.map(describeSourceError),
  };
}
