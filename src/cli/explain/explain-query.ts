import type { ExplainAnswer } from "../../admin/endpoints.ts";
import { runInTurns } from "../run-in-turns.ts";
import { type ExplainedMesh, explainUrlInSteps } from "./explain-url.ts";

const STATUSES = { explained: 200, malformed: 400, "not-found": 404 } as const;

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
  const body = await runInTurns(explainUrlInSteps(mesh, words), now);
  return { status: STATUSES[body.kind], body };
}
