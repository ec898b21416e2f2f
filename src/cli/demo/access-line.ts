import type { Answer } from "./observation.ts";

/** A line of the sidecar's access log, as far as the demo looks at it. */
export interface AccessLine {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** `name:port`, without the namespace. */
  readonly service: string;
  readonly answer: Answer;
}

/** Undefined where a line is none, or where the client was gone before an answer. */
export function parseAccessLine(line: string): AccessLine | undefined {
  const fields = parseObject(line);
  const { service, status } = fields;
  if (typeof service !== "string" || typeof status !== "number") return undefined;
  const failure = textOf(fields["failure"]);
  const backend = textOf(fields["backend"]);
  const route = textOf(fields["route"]);
  return {
    method: textOf(fields["method"]) ?? "",
    path: textOf(fields["path"]) ?? "",
    host: textOf(fields["host"]) ?? "",
    service: lastPart(service),
    answer: {
      backend: failure === undefined && backend !== undefined ? serviceName(backend) : undefined,
      endpoint: textOf(fields["endpoint"]),
      rule: route === undefined ? undefined : `${lastPart(route)}/${textOf(fields["rule"]) ?? ""}`,
      status,
      failure,
      tries: numberOf(fields["tries"]),
      durationMs: numberOf(fields["duration_ms"]),
    },
  };
}

/** The members of the JSON object that a line holds; none where it holds none. */
export function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** `name` of `namespace/name`. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** `name` of `namespace/name:port`. */
function serviceName(backend: string): string {
  return lastPart(backend).replace(/:\d+$/, "");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
