import type { AuthenticationV1Api } from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../../api-call.ts";
import type { TokenReviewPort } from "./token-review-port.ts";

const timeoutMs = 5_000;
/** Nobody calls a review back: others may wait for it, too. */
const never = new AbortController().signal;

export function createTokenReviewApi(api: AuthenticationV1Api): TokenReviewPort {
  return async (token, audience) => {
    const body = { spec: { token, audiences: [audience] } };
    try {
      const { status } = await api.createTokenReview({ body }, callOptions({ signal: never, timeoutMs }));
      return {
        kind: "reviewed",
        isAuthenticated: status?.authenticated === true,
        audiences: status?.audiences ?? [],
        username: status?.user?.username ?? "",
        extra: status?.user?.extra ?? {},
      };
    } catch (error) {
      return { kind: "failed", message: apiFailure(error).message };
    }
  };
}
