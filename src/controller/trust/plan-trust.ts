import type { Authority, Serving, TrustContent } from "./trust-content.ts";

/** How long things last, in milliseconds. */
export interface TrustTimes {
  /** The life of a CA. */
  readonly authorityValidMs: number;
  /** The life of a serving certificate. */
  readonly servingValidMs: number;
  /**
   * How long a new CA is in all ConfigMaps before a certificate of it is served. The kubelet brings a changed ConfigMap
   * into pods within two minutes; one that can't do so for long must not lose its pods' sidecars.
   */
  readonly distributionMs: number;
}

const dayMs = 86_400_000;

/**
 * A CA's key lies in a Secret that few may read and is as hard to replace as any in the cluster, so a year, as
 * kubeadm gives to the certificates of the control plane: rotation is a thing that happens, and still four months are
 * left when nobody sees that it fails. A serving certificate costs nothing to renew.
 */
export const trustTimes: TrustTimes = {
  authorityValidMs: 365 * dayMs,
  servingValidMs: 90 * dayMs,
  distributionMs: dayMs,
};

export interface TrustView {
  readonly content: TrustContent;
  /** Since when CAs, by fingerprint, have been in all namespaces. */
  readonly distributed: ReadonlyMap<string, number>;
  /** The names that clients call the controller by. */
  readonly names: readonly string[];
  readonly nowMs: number;
  readonly times: TrustTimes;
}

export type AuthorityReason = "there was none that can sign" | "two thirds of the newest CA's life are over";

export type ServingReason =
  | "there was none that can be used"
  | "its time was over or had not begun"
  | "no CA of the bundle has signed it"
  | "its names are others"
  | "two thirds of its life were over"
  | "a newer CA has reached all namespaces"
  | "it can't be renewed by the CA that signed it";

/** One change of the Secret's content. */
export type TrustStep =
  | { readonly kind: "add-authority"; readonly why: AuthorityReason }
  | { readonly kind: "issue-serving"; readonly authority: Authority; readonly why: ServingReason }
  /** It has expired, so nothing that it signed is in use. */
  | { readonly kind: "drop-authority"; readonly fingerprint: string }
  /** A newer CA signs now. Certificates of the older one are still believed. */
  | { readonly kind: "drop-key"; readonly fingerprint: string };

/**
 * What the content needs next, or undefined. All follows from the content, the time and what is noted as distributed, so
 * that any leader goes on where the last one ended, and doing a thing twice is not possible:
 *
 * 1. At two thirds of the newest CA's life a new one joins the bundle. The old one goes on signing.
 * 2. When the bundle has been everywhere for long enough, the new CA signs what is served, and the old one's key goes.
 * 3. The old CA leaves the bundle when it has expired: only then nothing that it signed can be in use.
 */
export function planTrust(view: TrustView): TrustStep | undefined {
  const { authorities } = view.content;
  const expired = authorities.find((authority) => authority.notAfterMs <= view.nowMs);
  if (expired !== undefined) return { kind: "drop-authority", fingerprint: expired.fingerprint };
  const signers = signersOf(view);
  const [newest] = signers;
  if (newest === undefined) return { kind: "add-authority", why: "there was none that can sign" };
  if (isDue(newest, view.nowMs)) {
    return { kind: "add-authority", why: "two thirds of the newest CA's life are over" };
  }
  const signer = chooseSigner(view, signers, newest);
  const why = whyIssue(view, signer);
  if (why !== undefined) return { kind: "issue-serving", authority: signer, why };
  const issuer = issuerOf(view);
  const passed = authorities.find(
    ({ key, notBeforeMs }) => key !== undefined && issuer !== undefined && notBeforeMs < issuer.notBeforeMs,
  );
  return passed === undefined ? undefined : { kind: "drop-key", fingerprint: passed.fingerprint };
}

/** Those that can sign now, newest first. */
function signersOf({ content, nowMs }: TrustView): readonly Authority[] {
  return content.authorities.filter(({ key, notBeforeMs }) => key !== undefined && notBeforeMs <= nowMs);
}

function issuerOf({ content }: TrustView): Authority | undefined {
  return content.authorities.find(({ fingerprint }) => fingerprint === content.serving?.issuer);
}

/** The CA that is to have signed what is served. */
function chooseSigner(view: TrustView, signers: readonly Authority[], newest: Authority): Authority {
  const present = issuerOf(view);
  if (isOverdue(view, newest)) return newest;
  // Nothing has been everywhere for long, as in a new installation: what is longest in the bundle is best known.
  return (
    signers.find((signer) => isKnown(view, signer)) ??
    signers.find((signer) => signer === present) ??
    signers.at(-1) ??
    newest
  );
}

/** Whether the CA has been in all namespaces for long enough. */
function isKnown({ distributed, nowMs, times }: TrustView, { fingerprint }: Authority): boolean {
  const sinceMs = distributed.get(fingerprint);
  return sinceMs !== undefined && nowMs >= sinceMs + times.distributionMs;
}

/**
 * A namespace that no ConfigMap can be written to must not hold up a rotation until nothing valid is left for all. What
 * is served only comes to the last sixth of its life when it can't be renewed by the CA that signed it.
 */
function isOverdue({ content: { serving }, nowMs, times }: TrustView, newest: Authority): boolean {
  if (serving === undefined || nowMs < newest.notBeforeMs + 2 * times.distributionMs) return false;
  return nowMs >= serving.notAfterMs - (serving.notAfterMs - serving.notBeforeMs) / 6;
}

function whyIssue(view: TrustView, signer: Authority): ServingReason | undefined {
  const { nowMs, names } = view;
  const { serving } = view.content;
  if (serving === undefined) return "there was none that can be used";
  if (nowMs < serving.notBeforeMs || nowMs >= serving.notAfterMs) return "its time was over or had not begun";
  const issuer = issuerOf(view);
  if (issuer === undefined) return "no CA of the bundle has signed it";
  if (!names.every((name) => serving.names.includes(name))) return "its names are others";
  if (signer.notBeforeMs > issuer.notBeforeMs) {
    if (isKnown(view, signer)) return "a newer CA has reached all namespaces";
    return isOverdue(view, signer) ? "it can't be renewed by the CA that signed it" : undefined;
  }
  return isDue(serving, nowMs) && wouldLastLonger(view, serving, signer)
    ? "two thirds of its life were over"
    : undefined;
}

/** A certificate ends with its CA: making it anew does not help when it ends there already. */
function wouldLastLonger({ nowMs, times }: TrustView, serving: Serving, signer: Authority): boolean {
  const gainMs = Math.min(nowMs + times.servingValidMs, signer.notAfterMs) - serving.notAfterMs;
  return gainMs > times.servingValidMs / 100;
}

function isDue(of: { readonly notBeforeMs: number; readonly notAfterMs: number }, nowMs: number): boolean {
  return nowMs >= dueMs(of);
}

function dueMs({
  notBeforeMs,
  notAfterMs,
}: {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}): number {
  return notBeforeMs + (2 / 3) * (notAfterMs - notBeforeMs);
}
