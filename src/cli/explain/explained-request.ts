import { parseIpAddress } from "../../resources/ip-address.ts";
import type { Problem, Result } from "../../resources/result.ts";
import { isHost } from "../../routing/host.ts";
import type { RequestView } from "../../routing/request-view.ts";

/** A request as a person writes it. */
export interface RequestWords {
  readonly method: string;
  /** `http://`, the Service's name or address, and what a client would send: `http://cart.shop:8080/v2?a=b`. */
  readonly url: string;
  /** The namespace of the client. */
  readonly from: string;
  /** Each `name: value`. */
  readonly headers: readonly string[];
}

export interface HeaderLine {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** A request that a client could send, and where it would send it. */
export interface ExplainedRequest {
  readonly method: string;
  readonly url: string;
  readonly from: string;
  readonly target: RequestTarget;
  readonly port: number;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: string;
  /** The Host header: what was given, else the authority of the URL. */
  readonly host: string;
  /** Those given, Host left out. */
  readonly headers: readonly HeaderLine[];
}

/** What the host of a URL stands for. */
export type RequestTarget =
  | { readonly kind: "service"; readonly namespace: string; readonly name: string }
  /** In canonical form. */
  | { readonly kind: "address"; readonly address: string; readonly family: 4 | 6 };

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\P{Cc}]*?)[ \t]*$/u;
/** What no request target may hold (src/http1/bytes/byte-classes.ts), but for `#`, which ends it. */
const UNSENDABLE = /[^\x21-\x7e]/u;
const CLUSTER_DOMAIN = ["svc", "cluster", "local"];

/** Every problem, each with what to blame: METHOD, URL, --from or -H. The path and query are taken as they are. */
export function readRequest({ method, url, from, headers }: RequestWords): Result<ExplainedRequest> {
  const problems: Problem[] = [];
  const blame = (path: string, message: string): undefined => {
    problems.push({ path, message });
    return undefined;
  };
  checkMethod(method, blame);
  const isNamespace = LABEL.test(from);
  if (!isNamespace) blame("--from", `must be a namespace, not ${JSON.stringify(from)}`);
  const parts = splitUrl(url, blame);
  const target =
    parts && (targetOf(parts.host, isNamespace ? from : "default") ?? blame("URL", hostProblem(parts.host)));
  const lines = headers.flatMap((line) => readHeader(line, blame) ?? []);
  const hosts = lines.filter(({ name }) => name === "host").map(({ value }) => value);
  const host = hosts[0] ?? parts?.authority ?? "";
  if (hosts.length > 1) blame("-H", "must not give Host twice: a request has one");
  if (hosts.length === 1 && host !== "" && !isHost(host)) {
    blame("-H", `Host must be a host with an optional port, not ${JSON.stringify(host)}`);
  }
  if (problems.length > 0 || parts === undefined || target === undefined)
    return { kind: "invalid", problems };
  const { port, path, query } = parts;
  const others = lines.filter(({ name }) => name !== "host");
  return { kind: "ok", value: { method, url, from, target, port, path, query, host, headers: others } };
}

/** The request as routing sees it. */
export function viewOf({ method, path, query, host, headers }: ExplainedRequest): RequestView {
  const values = new Map([["host", host]]);
  for (const { name, value } of headers) {
    const before = values.get(name);
    // As the codec joins lines of one name.
    const joined = `${before}${name === "cookie" ? "; " : ","}${value}`;
    values.set(name, before === undefined ? value : joined);
  }
  return { method, path, query, host, header: (name) => values.get(name) };
}

type Blame = (path: string, message: string) => undefined;

function checkMethod(method: string, blame: Blame): void {
  if (!METHOD.test(method)) blame("METHOD", `must be a method as GET, not ${JSON.stringify(method)}`);
  else if (method === "CONNECT") blame("METHOD", "CONNECT is never forwarded: the proxy answers 501");
  else if (/^[a-z]+$/.test(method)) {
    blame(
      "METHOD",
      `is case-sensitive, so that ${method} matches nothing; did you mean ${method.toUpperCase()}?`,
    );
  }
}

interface UrlParts {
  readonly authority: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly query: string;
}

/** `URL` of the platform would normalise the path; here it stays what a client sends. */
function splitUrl(url: string, blame: Blame): UrlParts | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http") {
    return blame("URL", `must begin with http://, not ${scheme}://: inside of TLS a proxy sees no request`);
  }
  const rest = scheme === undefined ? url : url.slice("http://".length);
  const [, authority = "", target = ""] = /^([^/?#]*)([^#]*)/.exec(rest) ?? [];
  const destination = splitAuthority(authority, blame);
  const [unsendable] = UNSENDABLE.exec(target) ?? [];
  if (unsendable !== undefined) {
    const escaped = encodeURIComponent(unsendable.toWellFormed());
    return blame("URL", `can't hold ${JSON.stringify(unsendable)} as it is: write ${escaped}`);
  }
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  return destination && { authority, ...destination, path: path === "" ? "/" : path, query };
}

function splitAuthority(authority: string, blame: Blame): Pick<UrlParts, "host" | "port"> | undefined {
  const [, bracketed, plain = "", digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(authority) ?? [];
  const host = bracketed ?? plain;
  if (authority.includes("@")) return blame("URL", "must not hold a user: a client sends none to a Service");
  if (host === "") return blame("URL", "must name a Service, as http://cart.shop/path");
  const port = digits === undefined || digits === "" ? 80 : Number(digits);
  if (port < 1 || port > 65_535) return blame("URL", `has no port ${digits}: ports are 1 to 65535`);
  return { host, port };
}

/**
 * Names are those that a pod's resolver knows
 * (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/).
 */
function targetOf(host: string, from: string): RequestTarget | undefined {
  const address = parseIpAddress(host);
  if (address !== undefined) return { kind: "address", ...address };
  const [name = "", namespace = from, ...domain] = host.toLowerCase().replace(/\.$/, "").split(".");
  const isInCluster =
    domain.length !== 2 &&
    domain.every((label, index) => label === CLUSTER_DOMAIN[index]) &&
    domain.length < 4;
  if (!isInCluster || !LABEL.test(name) || !LABEL.test(namespace)) return undefined;
  return { kind: "service", namespace, name };
}

function hostProblem(host: string): string {
  return (
    `${JSON.stringify(host)} is no Service: write SERVICE, SERVICE.NAMESPACE, ` +
    "SERVICE.NAMESPACE.svc.cluster.local or a ClusterIP. Traffic to other hosts is not touched"
  );
}

function readHeader(line: string, blame: Blame): HeaderLine | undefined {
  const [, name, value = ""] = HEADER.exec(line) ?? [];
  if (name === undefined) return blame("-H", `must be 'name: value', not ${JSON.stringify(line)}`);
  return { name: name.toLowerCase(), value };
}
