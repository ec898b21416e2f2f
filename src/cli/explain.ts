import type { Problem } from "../resources/result.ts";
import { type CommandContext, defineCommand, type ExitCode } from "./command.ts";
import type { AskedRequest, ProxyAnswer } from "./explain/ask-proxy.ts";
import { readRequest } from "./explain/explained-request.ts";
import { optional, repeatable, toggle, type ValuesOf } from "./setting.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";
import { path, text } from "./value-type.ts";

interface ExplainPlan {
  readonly request: AskedRequest;
  readonly source: ManifestSource | { readonly kind: "admin"; readonly admin: SocketAddress };
  readonly isJson: boolean;
}

interface ManifestSource {
  readonly kind: "manifests";
  readonly directory: string;
  readonly strictGrants: boolean;
  readonly locality: { readonly node?: string; readonly zone?: string };
}

const DEFAULT_NAMESPACE = "default";

/** A word of any shape: what it may be is checked together with the rest of the request. */
const word = (placeholder: string): ReturnType<typeof text> => text(placeholder, /^/, "a text");

const explainFlags = {
  manifests: optional(path("DIR"), { help: "Read the YAML files below DIR, as the proxy would" }),
  admin: optional(socketAddress, { help: "Ask a running proxy instead, at its admin address" }),
  from: optional(word("NS"), {
    help: "The client's namespace: it says which Service a name without one means, and which consumer routes apply",
    shownFallback: "default, or that of the proxy asked",
  }),
  header: repeatable(word("'NAME: VALUE'"), [], {
    help: "A header of the request; Host is the URL's unless given",
    short: "H",
  }),
  json: toggle({ help: "Print all of it as JSON" }),
  node: optional(word("NAME"), { help: "The client's node; with --manifests" }),
  zone: optional(word("ZONE"), { help: "The client's zone; with --manifests" }),
  "strict-grants": toggle({
    help: "References across namespaces need a ReferenceGrant; with --manifests",
  }),
};

export const command = defineCommand({
  about:
    "Tells why a request goes where it goes: which Service port it reaches, which routes are in force there, why " +
    "each rule wins or loses, what the rule does, and which endpoints may take the request. Nothing is sent. " +
    "The URL names the Service as a client would: http://cart, http://cart.shop:8080/path?query, " +
    "http://cart.shop.svc.cluster.local or a ClusterIP. Exits with 0 if the request is answered by a backend or a " +
    "rule, and with 1 if it would fail.",
  operands: [
    { name: "METHOD", help: "GET, POST or another method" },
    { name: "URL", help: "http://SERVICE.NAMESPACE:PORT/PATH?QUERY" },
  ],
  flags: explainFlags,
  file: {},
  check: ({ flags, operands }) => {
    const { from, header } = flags;
    const [method = "", url = ""] = operands;
    const request = { method, url, from, headers: header };
    const read = readRequest({ ...request, from: from ?? DEFAULT_NAMESPACE });
    const problems: Problem[] = read.kind === "invalid" ? [...read.problems] : [];
    const source = sourceOf(flags);
    if (source === undefined) problems.push(...sourceProblems(flags));
    if (problems.length > 0 || source === undefined) return { kind: "invalid", problems };
    return { kind: "ok", value: { request, source, isJson: flags.json } satisfies ExplainPlan };
  },
  run: async (plan, context) => report(await answer(plan), plan, context),
});

type ExplainFlags = ValuesOf<typeof explainFlags>;

/** Undefined unless just one is given. */
function sourceOf(flags: ExplainFlags): ExplainPlan["source"] | undefined {
  const { manifests, admin, node, zone } = flags;
  if (admin !== undefined) return manifests === undefined ? { kind: "admin", admin } : undefined;
  if (manifests === undefined) return undefined;
  const locality = { ...(node !== undefined && { node }), ...(zone !== undefined && { zone }) };
  return { kind: "manifests", directory: manifests, strictGrants: flags["strict-grants"], locality };
}

function sourceProblems({ admin }: ExplainFlags): readonly Problem[] {
  if (admin !== undefined) {
    return [{ path: "--admin", message: "can't be had together with --manifests" }];
  }
  const message = "is missing: name a folder, or ask a running proxy by --admin, for example 127.0.0.1:15103";
  return [{ path: "--manifests", message }];
}

async function answer({ request, source }: ExplainPlan): Promise<ProxyAnswer> {
  if (source.kind === "admin") {
    const { askProxy } = await import("./explain/ask-proxy.ts");
    return await askProxy(source.admin, request);
  }
  const { readManifestMesh } = await import("./explain/manifest-mesh.ts");
  const { explainUrl } = await import("./explain/explain-url.ts");
  const mesh = await readManifestMesh(source);
  if (typeof mesh === "string") return { kind: "unreachable", message: mesh };
  return explainUrl(mesh, { ...request, from: request.from ?? DEFAULT_NAMESPACE });
}

async function report(
  found: ProxyAnswer,
  { isJson }: ExplainPlan,
  context: CommandContext,
): Promise<ExitCode> {
  const { writeOut, writeError } = context;
  if (isJson && found.kind !== "unreachable") writeOut(`${JSON.stringify(found, undefined, 2)}\n`);
  switch (found.kind) {
    case "explained":
      if (!isJson) {
        const { renderExplanation } = await import("./explain/render-explanation.ts");
        const { hasColours, textStyle } = await import("./explain/text-style.ts");
        writeOut(renderExplanation(found, textStyle(hasColours(context))));
      }
      return found.answer.kind === "failed" || found.answer.kind === "partly-failed" ? 1 : 0;
    case "not-found":
      if (!isJson) writeError(`eastbound: ${found.message}\n${found.hint === "" ? "" : `${found.hint}\n`}`);
      return 1;
    case "malformed":
      if (!isJson)
        writeError(found.problems.map((each) => `eastbound: ${each.path} ${each.message}\n`).join(""));
      return 2;
    case "unreachable":
      writeError(`eastbound: ${found.message}\n`);
      return 1;
  }
}
