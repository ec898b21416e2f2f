import type { BoundFilter, Frontend } from "../../binding/frontend.ts";

/** The names of all Backends that a Frontend sends to, each once: its own Service's, its routes', its mirrors'. */
export function namedBackends(frontend: Frontend): readonly string[] {
  const names = new Set([frontend.backend]);
  for (const route of frontend.routes?.routes ?? []) {
    for (const rule of route.rules) {
      addMirrors(rule.filters, names);
      for (const { target, filters } of rule.backends) {
        if (target.kind === "Backend") names.add(target.name);
        addMirrors(filters, names);
      }
    }
  }
  return [...names];
}

function addMirrors(filters: readonly BoundFilter[], names: Set<string>): void {
  for (const filter of filters) {
    if (filter.kind === "RequestMirror" && filter.target.kind === "Backend") names.add(filter.target.name);
  }
}
