import type { TextRule } from "./scalar.ts";

/*
 * Name forms of Kubernetes and the Gateway API:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * https://github.com/kubernetes-sigs/gateway-api/blob/v1.7.0/apis/v1/shared_types.go
 */

/** Namespaces, Services, Service ports. */
export const dnsLabel: TextRule = {
  minLength: 1,
  maxLength: 63,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  form: "a lower-case DNS label (a-z, 0-9, -)",
};

/** Most other objects, section and rule names, host names. */
export const dnsSubdomain: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  form: "a lower-case DNS name (a-z, 0-9, -, .)",
};

/** References name objects of kinds that this program does not know, so only the length is checked. */
export const referencedName: TextRule = { minLength: 1, maxLength: 253 };

/** Empty for the core group. */
export const apiGroup: TextRule = {
  maxLength: 253,
  pattern: /^$|^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
  form: "an API group (a lower-case DNS name, or empty)",
};

export const objectKind: TextRule = {
  minLength: 1,
  maxLength: 63,
  pattern: /^[a-zA-Z](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
  form: "a kind (letters, digits, -)",
};
