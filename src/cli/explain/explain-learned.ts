import { readFile } from "node:fs/promises";
import type { ExplainAnswer } from "../../admin/endpoints.ts";
import type { Binding } from "../../binding/bind.ts";
import { frontendName } from "../../binding/frontend.ts";
import type { DiscoveryClient } from "../../discovery/client/discovery-client.ts";
import type { ConfigurationInForce } from "../../proxy/configuration-in-force.ts";
import { answerExplainQuery } from "./explain-query.ts";
import { readRequest } from "./explained-request.ts";

export interface LearnedMesh {
  readonly client: Pick<DiscoveryClient, "learn" | "knows" | "connection">;
  readonly configuration: ConfigurationInForce;
  /** Says in which namespace the client is. */
  readonly tokenFile: string;
  readonly now: () => number;
}

const NOT_TOLD = "What became of each route is in its status: a sidecar knows those in force only.";

/**
 * Answers `GET /explain` from what this proxy has learned. A ClusterIP that it does not know is asked for first, as if
 * it was dialled; of a name nobody but the controller knows which ClusterIP it stands for.
 */
export async function explainLearned(query: URLSearchParams, mesh: LearnedMesh): Promise<ExplainAnswer> {
  const namespace = await namespaceOf(mesh.tokenFile);
  const from = query.get("from");
  if (from !== null && namespace !== undefined && from !== namespace) {
    const message = `must be ${namespace}: a sidecar knows the routes for its own namespace only`;
    return { status: 400, body: { kind: "malformed", problems: [{ path: "--from", message }] } };
  }
  const name = await askedFor(query, namespace ?? "default", mesh);
  const { client, configuration } = mesh;
  const { isConnected } = client.connection;
  const sourceProblems = [
    NOT_TOLD,
    ...(isConnected ? [] : ["The controller is not connected to: this is what was known before."]),
  ];
  const explained = { binding: bindingOf(configuration), locality: configuration.locality, sourceProblems };
  const answer = await answerExplainQuery(explained, query, {
    namespace: namespace ?? "default",
    now: mesh.now,
  });
  return answer.status === 404 ? notLearned(name, mesh) : answer;
}

/** The Frontend that the query is about, asked for if need be; undefined where it names a Service. */
async function askedFor(
  query: URLSearchParams,
  namespace: string,
  { client, configuration }: LearnedMesh,
): Promise<string | undefined> {
  const url = query.get("url") ?? "";
  const request = readRequest({ method: "GET", url, from: namespace, headers: [] });
  if (request.kind === "invalid" || request.value.target.kind === "service") return undefined;
  const { target, port } = request.value;
  const name = frontendName(target.address, port);
  if (configuration.slot({ address: target.address, port }) !== undefined) return name;
  await new Promise<void>((resolve) => {
    if (client.learn(name, () => resolve()) === undefined) resolve();
  });
  return name;
}

function notLearned(name: string | undefined, { client }: LearnedMesh): ExplainAnswer {
  if (name === undefined) {
    const message = "This sidecar has learned of no such Service yet: it learns of those that are dialled.";
    const hint = "Ask with the ClusterIP in the place of the name: it is learned for the answer.";
    return { status: 404, body: { kind: "not-found", message, hint } };
  }
  const isUnknown = client.knows(name) === "unknown-to-controller";
  const message = isUnknown
    ? `No Service has the address ${name}.`
    : `The controller has not said what ${name} is.`;
  const hint = "Connections to it are passed through unchanged.";
  return { status: 404, body: { kind: "not-found", message, hint } };
}

/** What is in force, as if it was all there is. */
function bindingOf(configuration: ConfigurationInForce): Binding {
  const consumers = new Map<string, never>();
  return {
    backends: new Map([...configuration.backends()].map(({ backend }) => [backend.name, backend])),
    frontends: new Map(
      configuration.frontends().map(({ frontend }) => [frontend.name, { producer: frontend, consumers }]),
    ),
    statuses: [],
    problems: [],
  };
}

/** Of the pod that the token is for (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). */
async function namespaceOf(tokenFile: string): Promise<string | undefined> {
  try {
    const [, claims = ""] = (await readFile(tokenFile, "utf8")).split(".");
    const parsed: unknown = JSON.parse(Buffer.from(claims, "base64url").toString());
    const bound = (parsed as { readonly "kubernetes.io"?: { readonly namespace?: unknown } })[
      "kubernetes.io"
    ];
    return typeof bound?.namespace === "string" ? bound.namespace : undefined;
  } catch (error) {
    // Without it names of Services need their namespace; the connection to the controller tells of the token.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
