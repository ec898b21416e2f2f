import type { SourceError } from "../../manifests/manifest-snapshot.ts";

/** `shop/routes.yaml: HTTPRoute store/shop: spec.rules[0].name must be …`. */
export function describeSourceError({ file, object, path, message }: SourceError): string {
  const where = object === undefined ? file : `${file}: ${object}`;
  return path === undefined ? `${where} ${message}` : `${where}: ${path} ${message}`;
}
