import {
  authorityRotated,
  certificateRotated,
  type ObjectPlace,
  trustRepaired,
} from "../../controller/events/event-cases.ts";
import type { EventDraft } from "../../controller/events/event-draft.ts";
import type { TrustChange } from "../../controller/trust/maintain-trust.ts";

/** What users should know of a change of the Secret; of its making and of an old CA's end there is nothing to say. */
export function trustEvent(change: TrustChange, secret: ObjectPlace): EventDraft | undefined {
  switch (change.kind) {
    case "repaired":
      return trustRepaired(secret, change.problems.join("; "));
    case "serving-issued":
      return certificateRotated(secret, new Date(change.expiresMs).toISOString());
    case "authority-added":
      return authorityRotated(secret, new Date(change.expiresMs).toISOString());
    case "created":
    case "authority-dropped":
    case "failed":
      return undefined;
  }
}
