import type { AuthenticationV1Api } from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../../api-call.ts";
import type { TokenReviewPort } from "./token-review-port.ts";

const timeoutMs = 5_000;

export function createTokenReviewApi(api: AuthenticationV1Api): TokenReviewPort {
  return async (token, audience) => {
    const body = { spec: { token, audiences: [audience] } };
    try {
      const call = callOptions({ signal: AbortSignal.timeout(timeoutMs) });
      const { status } = await api.createTokenReview({ body }, call);
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
