/** Services that one sidecar calls. */
export const SERVICES_EACH = 200;

/** Where Service number `index` is: as many share a third octet as one sidecar calls. */
export function benchAddress(index: number): { readonly address: string; readonly port: number } {
  const group = Math.floor(index / SERVICES_EACH);
  return { address: `10.96.${group}.${(index % SERVICES_EACH) + 1}`, port: 80 };
}
