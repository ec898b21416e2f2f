/** A kind of objects as the API's paths name it. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower case, as in paths: `endpointslices`. */
  readonly plural: string;
}

/** The path of all objects of a resource, or of those in one namespace. */
export function collectionPath({ group, version, plural }: ApiResource, namespace?: string): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === undefined
    ? `${root}/${plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** How `kubectl` would call it: `httproutes.gateway.networking.k8s.io`. */
export function resourceName({ group, plural }: Omit<ApiResource, "version">): string {
  return group === "" ? plural : `${plural}.${group}`;
}
