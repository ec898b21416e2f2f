import { messageOf } from "../../resources/error-message.ts";
import { joinHostPort } from "../../resources/ip-address.ts";
import type { SocketAddress } from "../socket-address.ts";
import type { ExplainOutcome } from "./explain-url.ts";
import type { RequestWords } from "./explained-request.ts";

/** A request to explain; the proxy's own namespace counts where `from` is left out. */
export type AskedRequest = Omit<RequestWords, "from"> & { readonly from: string | undefined };

export type ProxyAnswer = ExplainOutcome | { readonly kind: "unreachable"; readonly message: string };

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Asks the admin endpoint of a running proxy. */
export async function askProxy(admin: SocketAddress, request: AskedRequest): Promise<ProxyAnswer> {
  const { method, url, from, headers } = request;
  const query = new URLSearchParams({ method, url, ...(from !== undefined && { from }) });
  for (const header of headers) query.append("header", header);
  const host = admin.host === "" ? "127.0.0.1" : admin.host;
  const shown = joinHostPort(host, admin.port);
  try {
    return parseOutcome(await get({ host, port: admin.port, path: `/explain?${query.toString()}` }), shown);
  } catch (error) {
    const why = messageOf(error);
    const message = `no proxy answers at ${shown} (${why}); its --admin says where it listens`;
    return { kind: "unreachable", message };
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

async function get(target: Target): Promise<string> {
  const { request } = await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request({ ...target, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      text += piece;
      if (text.length > MAX_BYTES) response.destroy(new Error("the answer is too large"));
    });
    response.on("end", () => resolve(text));
    response.on("error", reject);
  })
    .on("error", reject)
    .end();
  return await promise;
}

/** A proxy of this version sends what it says; something else may listen there. */
function parseOutcome(text: string, shown: string): ProxyAnswer {
  const other: ProxyAnswer = {
    kind: "unreachable",
    message: `what listens at ${shown} is no admin endpoint of Eastbound: it answered ${JSON.stringify(text.slice(0, 80))}`,
  };
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("kind" in parsed)) return other;
    return parsed.kind === "explained" || parsed.kind === "malformed" || parsed.kind === "not-found"
      ? (parsed as ExplainOutcome)
      : other;
  } catch (error) {
    if (error instanceof SyntaxError) return other;
    throw error;
  }
}
