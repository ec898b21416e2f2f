import type { HeaderModifier } from "../resources/http-route.ts";
import { isHost } from "./host.ts";

/**
 * One change of a header block. `set` replaces all lines of the name by one, `add` adds a line (a reader joins it
 * with `,`), `remove` drops all lines. Names are compared without case.
 */
export interface HeaderStep {
  readonly kind: "set" | "add" | "remove";
  /** As written in the route. */
  readonly name: string;
  readonly lowerCaseName: string;
  /** Empty for `remove`. */
  readonly value: string;
}

/** No steps; one object, so that `steps === NO_STEPS` is a cheap test. */
export const NO_STEPS: readonly HeaderStep[] = [];

/**
 * Fields that frame the message or belong to the connection: the codec writes them, and a route that changed them
 * could make one request look like two to the next hop (RFC 9112, section 6; RFC 9110, section 7.6.1).
 */
const PROTECTED_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Whether a header modifier may change a field. Host is not one of them: a filter's `set` of it is taken as a
 * rewrite of the host (`hostOf`), so that there is always exactly one.
 */
function isChangeableHeader(lowerCaseName: string): boolean {
  return lowerCaseName !== "host" && !lowerCaseName.startsWith(":") && !PROTECTED_NAMES.has(lowerCaseName);
}

/** The steps of a modifier; one name has one action, so their order does not show. */
export function planHeaderSteps(modifier: HeaderModifier): readonly HeaderStep[] {
  const steps = [
    ...modifier.set.map((header) => headerStep("set", header.name, header.value)),
    ...modifier.add.map((header) => headerStep("add", header.name, header.value)),
    ...modifier.remove.map((name) => headerStep("remove", name, "")),
  ].filter((step) => isChangeableHeader(step.lowerCaseName));
  return steps.length === 0 ? NO_STEPS : steps;
}

export function headerStep(kind: HeaderStep["kind"], name: string, value: string): HeaderStep {
  return { kind, name, lowerCaseName: name.toLowerCase(), value };
}

/** The value that a modifier sets for Host, if it does and the value can be one. */
export function hostOf(modifier: HeaderModifier): string | undefined {
  const value = modifier.set.find((header) => header.name.toLowerCase() === "host")?.value;
  return value !== undefined && isHost(value) ? value : undefined;
}

/** The fields of a modifier that are left alone, for `explain`. */
export function ignoredHeaders(modifier: HeaderModifier): readonly string[] {
  const names = [
    ...modifier.add.map((header) => header.name),
    ...modifier.set.map((header) => header.name),
    ...modifier.remove,
  ];
  return names.filter((name) => !isChangeableHeader(name.toLowerCase()));
}
