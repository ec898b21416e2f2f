/** A request as endpoints see it; bodies are read and thrown away. */
export interface AdminRequest {
  /** HEAD is answered as GET; the endpoint never sees it. */
  readonly method: AdminMethod;
  readonly query: URLSearchParams;
  /** The Accept header. */
  readonly accept: string | undefined;
}

export type AdminMethod = "GET" | "POST";

export interface AdminResponse {
  readonly status: number;
  readonly contentType: string;
  /** Pieces are pulled as the client takes them, a turn of the event loop between two. */
  readonly body: string | Iterable<string> | AsyncIterable<string>;
  /** The value of Allow, where the status is 405. */
  readonly allow?: string;
}

export interface AdminRoute {
  readonly method: AdminMethod;
  /** A line for people, as `GET /` lists it. */
  readonly summary: string;
  readonly handle: (request: AdminRequest) => AdminResponse | Promise<AdminResponse>;
}

/** By path. */
export type AdminRoutes = ReadonlyMap<string, AdminRoute>;

/** What of a request decides who answers it. */
export interface RoutedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly accept: string | undefined;
  /** The Origin header: a browser sends it for a page of somebody's. */
  readonly origin: string | undefined;
}

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";

export function textResponse(status: number, line: string): AdminResponse {
  return { status, contentType: TEXT_TYPE, body: `${line}\n` };
}

export function jsonResponse(status: number, body: AdminResponse["body"]): AdminResponse {
  return { status, contentType: JSON_TYPE, body };
}

/** Finds the endpoint and has it answer. `GET /` lists what there is. */
export function answerRequest(
  routes: AdminRoutes,
  request: RoutedRequest,
): AdminResponse | Promise<AdminResponse> {
  const { path, accept } = request;
  const isIndex = path === "/";
  const route = routes.get(path);
  if (route === undefined && !isIndex) {
    return textResponse(404, `There is no ${path} here. These are:\n${listRoutes(routes)}`);
  }
  const allowed = route?.method ?? "GET";
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (method !== allowed) {
    const allow = allowed === "GET" ? "GET, HEAD" : allowed;
    return { ...textResponse(405, `${path} takes ${allow}, not ${request.method}.`), allow };
  }
  if (route === undefined) return textResponse(200, `Eastbound\n\n${listRoutes(routes)}`);
  // A page in a browser may send a POST to any address of this machine without asking.
  if (method === "POST" && request.origin !== undefined) {
    return textResponse(403, `${path} is not for pages in a browser (the request has an Origin).`);
  }
  return route.handle({ method: allowed, query: new URLSearchParams(request.query), accept });
}

function listRoutes(routes: AdminRoutes): string {
  const rows = [...routes].map(([path, { method, summary }]) => ({ left: `${method} ${path}`, summary }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, summary }) => `  ${left.padEnd(width)}  ${summary}`).join("\n");
}
