import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import type { Locality } from "../../../src/balancing/candidates.ts";
import { bind } from "../../../src/binding/bind.ts";
import { type ExplainedMesh, explainUrl } from "../../../src/cli/explain/explain-url.ts";
import type { RequestWords } from "../../../src/cli/explain/explained-request.ts";
// Types only: loaded, so that coverage learns that there is nothing to cover.
import "../../../src/cli/explain/explanation.ts";
import type { Explanation } from "../../../src/cli/explain/explanation.ts";
import { parseObject } from "../../../src/resources/parse-object.ts";

/** What the objects of a YAML text come to. */
export function meshOf(yaml: string, locality: Locality = {}): ExplainedMesh {
  const documents = parseAllDocuments(yaml);
  assert.ok(Array.isArray(documents));
  const objects = documents
    .map((document) => document.toJS() as unknown)
    .filter((value) => value !== null)
    .map((value) => {
      const parsed = parseObject(value);
      assert.ok(parsed.kind === "object", JSON.stringify(parsed));
      return parsed.object;
    });
  return { binding: bind(objects, { strictGrants: false }), locality, sourceProblems: [] };
}

/** A Service of namespace shop with one ready endpoint for each port. */
export function serviceYaml(name: string, ip: string, ports: string, spec = ""): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { clusterIPs: [${ip}], ports: [${ports}], ${spec} }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [${ports}]
endpoints: [{ addresses: [10.0.0.1] }]
---
`;
}

/** A route of namespace shop, bound to its Service cart. */
export function routeYaml(rules: string, parent = "name: cart"): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: routes, namespace: shop }
spec: { parentRefs: [{ group: "", kind: Service, ${parent} }], rules: [${rules}] }
---
`;
}

/** Explains a request from namespace shop that reaches a Service. */
export function explained(mesh: ExplainedMesh, words: Partial<RequestWords> & { url: string }): Explanation {
  const outcome = explainUrl(mesh, { method: "GET", from: "shop", headers: [], ...words });
  assert.ok(outcome.kind === "explained", JSON.stringify(outcome));
  return outcome;
}
