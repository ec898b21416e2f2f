import { isProblem, type RouteStatus } from "../../binding/route-status.ts";
import type { SourceError } from "../../manifests/manifest-snapshot.ts";

/** What `GET /config` of the sidecar answers, as far as the demo looks at it. */
interface Configuration {
  readonly sources: readonly { readonly errors: readonly SourceError[] }[];
  readonly listenErrors: readonly { readonly message: string }[];
  readonly problems: readonly { readonly object: string; readonly message: string }[];
  readonly routes: readonly RouteStatus[];
}

/** Everything that is not in force as written, a line each: what could not be read first. */
export function configurationProblems(config: unknown): readonly string[] {
  const { sources, listenErrors, problems, routes } = config as Configuration;
  return [
    ...sources.flatMap(({ errors }) => errors.map(describeError)),
    ...listenErrors.map(({ message }) => message),
    ...problems.map(({ object, message }) => `${object}: ${message}`),
    ...routes.flatMap(describeRoute),
  ];
}

function describeError({ file, object, path, message }: SourceError): string {
  return `${[file, object, path].filter((part) => part !== undefined).join(" ")}: ${message}`;
}

function describeRoute({ name, parents }: RouteStatus): readonly string[] {
  const wrong = parents.flatMap(({ conditions }) =>
    conditions.filter(isProblem).map(({ type, message }) => `HTTPRoute ${name} ${type}: ${message}`),
  );
  return [...new Set(wrong)];
}
