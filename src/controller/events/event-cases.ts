import type { EventDraft, ObjectReference } from "./event-draft.ts";

/** Where an object of the core group is. */
export interface ObjectPlace {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

function core(kind: string, { namespace, name, uid }: ObjectPlace): ObjectReference {
  return { apiVersion: "v1", kind, namespace, name, ...(uid === undefined ? {} : { uid }) };
}

/** Something of a Service is not in force: a bad annotation, an address that another Service has. */
export function serviceProblem(service: ObjectPlace, message: string): EventDraft {
  return { regarding: core("Service", service), reason: "ServiceProblem", note: message };
}

/** A sidecar refused what it was sent (NACK), and goes on with what it had. */
export function configurationRefused(
  pod: ObjectPlace,
  refused: { readonly resource: string; readonly message: string },
): EventDraft {
  return {
    regarding: core("Pod", pod),
    reason: "ConfigurationRefused",
    note: `The sidecar refused ${refused.resource} and keeps what it had: ${refused.message}`,
  };
}

/** There is a new CA beside the old one; both are trusted until the old one's certificates are gone. */
export function authorityRotated(secret: ObjectPlace, until: string): EventDraft {
  return {
    regarding: core("Secret", secret),
    reason: "AuthorityRotated",
    note: `There is a new certificate authority, valid until ${until}. The old one stays trusted while it is needed.`,
  };
}

/** There is a new serving certificate. */
export function certificateRotated(secret: ObjectPlace, until: string): EventDraft {
  return {
    regarding: core("Secret", secret),
    reason: "CertificateRotated",
    note: `The controllers have a new serving certificate, valid until ${until}.`,
  };
}

/** What the Secret held could not be used, and was made anew. `problem` follows a colon. */
export function trustRepaired(secret: ObjectPlace, problem: string): EventDraft {
  return {
    regarding: core("Secret", secret),
    reason: "TrustRepaired",
    note: `What was in the Secret could not be used, and was made anew: ${problem}`,
  };
}

/** No CRD, or one of other versions only. `service` is the controllers' own: the object that every installation has. */
export function gatewayApiMissing(
  service: ObjectPlace,
  { resource, versions }: { readonly resource: string; readonly versions: readonly string[] },
): EventDraft {
  return {
    regarding: core("Service", service),
    reason: "GatewayApiMissing",
    note:
      `The API server does not serve ${resource} in version ${versions.join(" or ")}, so Eastbound knows of none. ` +
      "Install the CRDs of Gateway API; that is noticed at once.",
  };
}

/** The XMesh of our name belongs to another controller. */
export function meshObjectTaken(mesh: {
  readonly apiVersion: string;
  readonly name: string;
  readonly uid: string;
  readonly controllerName: string;
}): EventDraft {
  const { apiVersion, name, uid, controllerName } = mesh;
  return {
    regarding: { apiVersion, kind: "XMesh", namespace: "", name, uid },
    reason: "MeshObjectTaken",
    note: `spec.controllerName is ${controllerName}, so Eastbound leaves this object alone and says nowhere what it supports.`,
  };
}
