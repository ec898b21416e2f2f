import type { SidecarIdentity } from "../../../discovery/server/resource-catalogue.ts";
import type { ReviewAnswer } from "./token-review-port.ts";

/** Why a token is refused: few and fixed, since metrics count by them. */
export type RefusalReason =
  | "malformed token"
  | "token for another audience"
  | "the token has expired"
  | "token not accepted by the API server"
  | "token of no ServiceAccount"
  | "token bound to no pod";

export type ReviewedToken =
  | { readonly kind: "ok"; readonly identity: SidecarIdentity }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

const serviceAccount = /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/;

/**
 * Who an authenticated token belongs to. Only tokens that are bound to a pod are taken: they end with their pod, they are
 * what the kubelet projects, and they can't be had by whoever may only make tokens for a ServiceAccount without naming a
 * pod. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
export function readIdentity(
  answer: Extract<ReviewAnswer, { kind: "reviewed" }>,
  audience: string,
): ReviewedToken {
  if (!answer.isAuthenticated) return { kind: "refused", reason: "token not accepted by the API server" };
  // An authenticator that knows nothing of audiences returns none: its tokens are for the API server.
  if (!answer.audiences.includes(audience)) return { kind: "refused", reason: "token for another audience" };
  const account = serviceAccount.exec(answer.username);
  if (account === null) return { kind: "refused", reason: "token of no ServiceAccount" };
  const [, namespace = "", name = ""] = account;
  const pod = answer.extra["authentication.kubernetes.io/pod-name"]?.[0] ?? "";
  const podUid = answer.extra["authentication.kubernetes.io/pod-uid"]?.[0] ?? "";
  if (pod === "" || podUid === "") return { kind: "refused", reason: "token bound to no pod" };
  const node = answer.extra["authentication.kubernetes.io/node-name"]?.[0];
  const identity = { namespace, pod, podUid, serviceAccount: name };
  return { kind: "ok", identity: node === undefined ? identity : { ...identity, node } };
}
