import { authorityRotated, certificateRotated, trustRepaired } from "../events/event-cases.ts";
import type { EventDraft } from "../events/event-draft.ts";
import type { TrustChange } from "./maintain-trust.ts";
import { trustSecretName } from "./trust-names.ts";

/** What a change of the Secret is worth telling those who look at it; undefined: nothing. */
export function trustEvent(change: TrustChange, namespace: string): EventDraft | undefined {
  const secret = { namespace, name: trustSecretName };
  switch (change.kind) {
    case "repaired":
      return trustRepaired(secret, change.problems.join("; "));
    case "authority-added":
      return authorityRotated(secret, new Date(change.expiresMs).toISOString());
    case "serving-issued":
      return certificateRotated(secret, new Date(change.expiresMs).toISOString());
    case "created":
    case "authority-dropped":
    case "failed":
      return undefined;
  }
}
