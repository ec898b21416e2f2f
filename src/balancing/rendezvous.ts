/** A 32-bit hash of a text (FNV-1a), as an unsigned integer. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * How much a client (by its hash) belongs to an endpoint (by its hash): highest random weight hashing. Each client goes
 * to the endpoint with the highest weight, so that a change of endpoints moves only the clients that it concerns.
 * The two are mixed by the finaliser of MurmurHash3.
 */
export function rendezvousWeight(client: number, endpoint: number): number {
  let mixed = client ^ endpoint;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
