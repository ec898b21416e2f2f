import type { ExplainAnswer } from "../../admin/endpoints.ts";
import { compileFrontendInSteps } from "../../routing/compile-frontend.ts";
import { runInTurns } from "../run-in-turns.ts";
import { beginExplanation, type ExplainedMesh, type ExplainOutcome } from "./explain-url.ts";

/**
 * Answers `GET /explain?method=&url=&from=&header=` of a running proxy: `method` is GET and `from` the proxy's own
 * namespace where they are left out; `header`, each `name: value`, may be repeated.
 */
export async function answerExplainQuery(
  mesh: ExplainedMesh,
  query: URLSearchParams,
  { namespace, now }: { readonly namespace: string; readonly now: () => number },
): Promise<ExplainAnswer> {
  const words = {
    method: query.get("method") ?? "GET",
    url: query.get("url") ?? "",
    from: query.get("from") ?? namespace,
    headers: query.getAll("header"),
  };
  const begun = beginExplanation(mesh, words);
  if (begun.kind !== "pending") return answerOf(begun);
  return answerOf(begun.finish(await runInTurns(compileFrontendInSteps(begun.frontend), now)));
}

const STATUSES = { explained: 200, malformed: 400, "not-found": 404 } as const;

function answerOf(outcome: ExplainOutcome): ExplainAnswer {
  return { status: STATUSES[outcome.kind], body: outcome };
}
