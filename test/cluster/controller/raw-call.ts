import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { cluster } from "../support/cluster.ts";

/** A call whose bodies are text, because a JSON parser would change what they say. Fails where the answer is no success. */
export async function rawCall(path: string, patch?: string): Promise<string> {
  const { config } = cluster();
  const options: RequestOptions =
    patch === undefined
      ? {}
      : { method: "PATCH", headers: { "content-type": "application/merge-patch+json" } };
  await config.applyToHTTPSOptions(options);
  const sent = request(new URL(`${config.getCurrentCluster()?.server}${path}`), options);
  sent.end(patch);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk as string;
  assert.equal(response.statusCode, 200, text);
  return text;
}
