import type { EncodedResource } from "../resource-types.ts";

/** Who is at the other end of a stream, as its token says. */
export interface SidecarIdentity {
  readonly namespace: string;
  readonly pod: string;
  /** Tells a pod from an earlier one of its name. */
  readonly podUid?: string;
  readonly serviceAccount: string;
  readonly node?: string;
}

/**
 * What there is to subscribe to, at this moment. Whoever gets the same content should get the same object, since what
 * is made of it for the wire is kept with it.
 */
export interface ResourceCatalogue {
  frontend(name: string, clientNamespace: string): EncodedResource | undefined;
  backend(name: string): EncodedResource | undefined;
  self(identity: SidecarIdentity): EncodedResource | undefined;
}
