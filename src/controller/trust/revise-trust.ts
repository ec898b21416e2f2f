import { createAuthority, issueServing } from "./issue-certificate.ts";
import { planTrust, type TrustStep, type TrustView } from "./plan-trust.ts";
import { readTrust, type TrustContent, writeTrust } from "./trust-content.ts";
import { authorityKeysKey, bundleKey, servingChainKey, servingKeyKey } from "./trust-names.ts";

/** What was done to the content, in order. */
export interface Revision {
  readonly content: TrustContent;
  readonly steps: readonly TrustStep[];
}

/** More than any content needs; a fault in the plan ends here and not in an endless row of new keys. */
const mostSteps = 32;

/** Does all that the content needs at this time. Touches nothing but its result. */
export async function reviseTrust(view: TrustView): Promise<Revision> {
  let content: TrustContent = { ...view.content, problems: [] };
  const steps: TrustStep[] = [];
  for (let i = 0; i < mostSteps; i++) {
    const step = planTrust({ ...view, content });
    if (step === undefined) break;
    steps.push(step);
    content = await applyStep({ ...view, content }, step);
  }
  return { content, steps };
}

async function applyStep(
  { content, names, nowMs, times }: TrustView,
  step: TrustStep,
): Promise<TrustContent> {
  const { authorities } = content;
  switch (step.kind) {
    case "add-authority": {
      const made = await createAuthority({ nowMs, validMs: times.authorityValidMs });
      const data = writeTrust(content);
      // Read back what is written, so that the plan sees what the next leader will see.
      return readTrust({
        ...data,
        [bundleKey]: made.certificate + (data[bundleKey] ?? ""),
        [authorityKeysKey]: made.key + (data[authorityKeysKey] ?? ""),
      });
    }
    case "issue-serving": {
      const { certificate, key = "" } = step.authority;
      const authority = { certificate, key };
      const made = await issueServing({ authority, names, nowMs, validMs: times.servingValidMs });
      return readTrust({
        ...writeTrust(content),
        [servingChainKey]: made.certificate,
        [servingKeyKey]: made.key,
      });
    }
    case "drop-authority":
      return { ...content, authorities: authorities.filter((a) => a.fingerprint !== step.fingerprint) };
    case "drop-key": {
      const without = authorities.map((a) =>
        a.fingerprint === step.fingerprint ? { ...a, key: undefined } : a,
      );
      return { ...content, authorities: without };
    }
  }
}
