import assert from "node:assert/strict";
import type { Locality } from "../../../src/balancing/candidates.ts";
import type { RequestWords } from "../../../src/cli/explain/explained-request.ts";
import type { Explanation } from "../../../src/cli/explain/explanation.ts";
import { explained, meshOf, routeYaml, serviceYaml } from "./mesh.ts";

const http = "{ port: 80, name: http }";
const cart = serviceYaml("cart", '10.96.1.1, "fd00:96::1"', http);
const other = serviceYaml("other", "10.96.1.2", http);
const grpc = serviceYaml("rpc", "10.96.1.3", "{ port: 80, name: grpc }");
const backends = (text: string): string => `backendRefs: [${text}]`;
const toCart = backends("{ name: cart, port: 80 }");

/** Endpoints of cart, each `address fields`. */
const cartWith = (endpoints: string, spec = ""): string => `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIPs: [10.96.1.1, "fd00:96::1"], ports: [${http}], ${spec} }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cart-1, namespace: shop, labels: { kubernetes.io/service-name: cart } }
addressType: IPv4
ports: [${http}]
endpoints: [${endpoints}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: cart-6, namespace: shop, labels: { kubernetes.io/service-name: cart } }
addressType: IPv6
ports: [${http}]
endpoints: [{ addresses: ["fd00::1"] }]
---
`;

const preflight = {
  method: "OPTIONS",
  headers: ["Origin: http://a.example", "Access-Control-Request-Method: PUT"],
};
const cors = (origin: string): string => `{ type: CORS, cors: { allowOrigins: ["${origin}"] } }`;

interface AnswerCase {
  readonly name: string;
  readonly yaml: string;
  readonly request?: Partial<RequestWords>;
  readonly answer: Explanation["answer"];
}

const answers: readonly AnswerCase[] = [
  {
    name: "forwards where no route is bound",
    yaml: cart,
    answer: { kind: "forwarded", summary: "forwarded to shop/cart:80" },
  },
  {
    name: "fails where all weights are zero",
    yaml: cart + routeYaml(`{ ${backends("{ name: cart, port: 80, weight: 0 }")} }`),
    answer: {
      kind: "failed",
      status: 500,
      summary: "answered 500 by the proxy: the weights of all backendRefs are zero",
    },
  },
  {
    name: "leaves out what has no weight",
    yaml:
      cart +
      other +
      routeYaml(`{ ${backends("{ name: cart, port: 80 }, { name: other, port: 80, weight: 0 }")} }`),
    answer: { kind: "forwarded", summary: "forwarded to shop/cart:80" },
  },
  {
    name: "rounds shares",
    yaml:
      cart +
      other +
      routeYaml(
        `{ ${backends("{ name: cart, port: 80, weight: 2 }, { name: other, port: 80, weight: 1 }")} }`,
      ),
    answer: {
      kind: "forwarded",
      summary: "66.67 % forwarded to shop/cart:80, 33.33 % forwarded to shop/other:80",
    },
  },
  {
    name: "fails where every share does",
    yaml: cart + grpc + routeYaml(`{ ${backends("{ name: rpc, port: 80 }, { name: gone, port: 80 }")} }`),
    answer: {
      kind: "failed",
      summary:
        "50 % answered 500 by the proxy: shop/rpc:80 takes HTTP/2 only, " +
        "50 % answered 500 by the proxy: Service shop/gone does not exist",
    },
  },
  {
    name: "fails by a filter that can't be applied",
    yaml:
      cart +
      routeYaml(
        `{ ${toCart}, filters: [{ type: ExtensionRef, extensionRef: { group: a.io, kind: B, name: c } }] }`,
      ),
    answer: {
      kind: "failed",
      status: 500,
      summary: 'answered 500 by the proxy: filters[0]: no filter is known by B.a.io "c"',
    },
  },
  {
    name: "answers a preflight",
    yaml: cart + routeYaml(`{ ${toCart}, filters: [${cors("*")}] }`),
    request: preflight,
    answer: { kind: "preflight", summary: "answered as a CORS preflight" },
  },
  {
    name: "answers a preflight by the filters of backends",
    yaml:
      cart +
      other +
      routeYaml(
        `{ ${backends(`{ name: cart, port: 80, filters: [${cors("*")}] }, { name: other, port: 80, filters: [${cors("http://b")}] }`)} }`,
      ),
    request: preflight,
    answer: { kind: "preflight", summary: "answered as a CORS preflight" },
  },
  {
    name: "answers a preflight by the filter of one backend",
    yaml: cart + routeYaml(`{ ${backends(`{ name: cart, port: 80, filters: [${cors("*")}] }`)} }`),
    request: preflight,
    answer: { kind: "preflight", summary: "answered as a CORS preflight" },
  },
  {
    name: "redirects by a backend's filter",
    yaml:
      cart +
      routeYaml(
        `{ ${backends("{ name: cart, port: 80, filters: [{ type: RequestRedirect, requestRedirect: { hostname: a.example } }] }")} }`,
      ),
    answer: { kind: "redirected", status: 302, summary: "redirected with 302 to http://a.example/" },
  },
  {
    name: "resets what goes to an opaque port without endpoints",
    yaml: `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIP: 10.96.1.1, ports: [{ port: 80, name: tcp }] }
`,
    answer: {
      kind: "failed",
      summary: "reset by the proxy: no EndpointSlice of Service shop/cart has any for this port",
    },
  },
];

const protocols = [
  { ports: "{ port: 80 }", kind: "opaque", reason: "the port declares nothing, and no route is bound to it" },
  {
    ports: "{ port: 80, name: tcp }",
    kind: "opaque",
    reason: "the port declares a protocol that is not HTTP",
  },
  {
    ports: "{ port: 80, appProtocol: https }",
    kind: "opaque",
    reason: "the port declares a protocol that is not HTTP",
  },
  { ports: http, kind: "http", reason: "the port declares it" },
];

interface EndpointCase {
  readonly name: string;
  readonly endpoints: string;
  readonly spec?: string;
  readonly locality?: Locality;
  readonly url?: string;
  readonly selection: string;
  /** Those that are no candidates, each with its reason. */
  readonly others: readonly string[];
}

const endpointCases: readonly EndpointCase[] = [
  {
    name: "keeps to the family that was dialled",
    endpoints: "{ addresses: [10.0.0.1] }",
    selection: "1 of 2 endpoints takes traffic.",
    others: ["[fd00::1]:80 IPv6, which comes only when no IPv4 one is left"],
  },
  {
    name: "keeps to the other one as well",
    endpoints: "{ addresses: [10.0.0.1] }",
    url: "http://[fd00:96::1]/",
    selection: "1 of 2 endpoints takes traffic.",
    others: ["10.0.0.1:80 IPv4, which comes only when no IPv6 one is left"],
  },
  {
    name: "takes the other family where this one can't serve",
    endpoints: "{ addresses: [10.0.0.1], conditions: { ready: false } }",
    selection: "1 of 2 endpoints takes traffic.",
    others: ["10.0.0.1:80 not ready"],
  },
  {
    name: "goes by written hints",
    endpoints:
      "{ addresses: [10.0.0.1], hints: { forZones: [{ name: a }] } }, { addresses: [10.0.0.2], hints: { forZones: [{ name: b }] } }",
    locality: { zone: "a" },
    selection: "1 of 3 endpoints takes traffic: those for zone a, by topology hints.",
    others: [
      "10.0.0.2:80 not for zone a, which is preferred",
      "[fd00::1]:80 IPv6, which comes only when no IPv4 one is left",
    ],
  },
  {
    name: "keeps to the node where that is asked for",
    endpoints:
      "{ addresses: [10.0.0.1], nodeName: n1, zone: a }, { addresses: [10.0.0.2], nodeName: n2, zone: a }",
    spec: "trafficDistribution: PreferSameNode",
    locality: { zone: "a", node: "n1" },
    selection: "1 of 3 endpoints takes traffic: those for node n1, by trafficDistribution PreferSameNode.",
    others: [
      "10.0.0.2:80 not for node n1, which is preferred",
      "[fd00::1]:80 IPv6, which comes only when no IPv4 one is left",
    ],
  },
  {
    name: "takes what shuts down where nothing is ready",
    endpoints:
      "{ addresses: [10.0.0.1], nodeName: n1, conditions: { ready: false, serving: true, terminating: true } }, " +
      "{ addresses: [10.0.0.2], nodeName: n1, conditions: { ready: false, serving: false, terminating: true } }",
    spec: "internalTrafficPolicy: Local",
    locality: { node: "n1" },
    selection:
      "1 of 3 endpoints takes traffic, though shutting down, because none is ready: those on node n1, " +
      "by internalTrafficPolicy Local.",
    others: ["10.0.0.2:80 terminating", "[fd00::1]:80 on another node, and internalTrafficPolicy is Local"],
  },
  {
    name: "does not leave the node where it must not",
    endpoints: "{ addresses: [10.0.0.1], nodeName: n2 }",
    spec: "internalTrafficPolicy: Local",
    locality: { node: "n1" },
    selection:
      "No endpoint can take it: internalTrafficPolicy is Local, and none that is on node n1 is ready.",
    others: [
      "10.0.0.1:80 on another node, and internalTrafficPolicy is Local",
      "[fd00::1]:80 on another node, and internalTrafficPolicy is Local",
    ],
  },
];

describe("explainUrl", () => {
  for (const { name, yaml, request, answer } of answers) {
    it(name, () => {
      assert.deepEqual(explained(meshOf(yaml), { url: "http://cart/", ...request }).answer, answer);
    });
  }

  for (const { ports, kind, reason } of protocols) {
    it(`says how ${ports} is read`, () => {
      const { protocol } = explained(meshOf(serviceYaml("cart", "10.96.1.1", ports)), {
        url: "http://cart/",
      });
      assert.deepEqual(protocol, { kind, reason });
    });
  }

  it("says that an annotation opts a port out", () => {
    const yaml = cart.replace(
      "namespace: shop }",
      `namespace: shop, annotations: { "proxy.eastbound.dev/opaque-ports": all } }`,
    );
    const { protocol, rules } = explained(meshOf(yaml + routeYaml(`{ ${toCart} }`)), { url: "http://cart/" });
    assert.deepEqual(protocol, { kind: "opaque", reason: "an annotation of the Service opts the port out" });
    assert.deepEqual(rules, []);
  });

  for (const c of endpointCases) {
    it(c.name, () => {
      const mesh = meshOf(cartWith(c.endpoints, c.spec), c.locality);
      const [report] = explained(mesh, { url: c.url ?? "http://cart/" }).backends;
      assert.equal(report?.selection, c.selection);
      assert.deepEqual(
        report.endpoints.filter(({ isCandidate }) => !isCandidate).map((e) => `${e.address} ${e.reason}`),
        c.others,
      );
    });
  }

  it("says that the only endpoint is not ready", () => {
    const yaml = cart.replace("addresses: [10.0.0.1]", "addresses: [10.0.0.1], conditions: { ready: false }");
    const [report] = explained(meshOf(yaml), { url: "http://cart/" }).backends;
    assert.equal(report?.selection, "No endpoint can take it: the only one is not ready.");
    const more = yaml.replace(
      "endpoints: [",
      "endpoints: [{ addresses: [10.0.0.2], conditions: { ready: false } }, ",
    );
    const [second] = explained(meshOf(more), { url: "http://cart/" }).backends;
    assert.equal(second?.selection, "No endpoint can take it: none of the 2 is ready.");
  });

  it("notes what a backend speaks", () => {
    const [report] = explained(meshOf(grpc), { url: "http://rpc/" }).backends;
    assert.deepEqual(report?.notes, ["It takes HTTP/2 only, which this version does not speak yet."]);
  });

  it("tells a consumer's routes from those of others", () => {
    const consumer = routeYaml(
      `{ backendRefs: [{ name: cart, namespace: shop, port: 80 }] }`,
      "name: cart, namespace: shop",
    );
    const yaml = cart + consumer.replace("namespace: shop }\nspec", "namespace: store }\nspec");
    const mesh = meshOf(yaml);
    const own = explained(mesh, { url: "http://cart.shop/", from: "store" });
    assert.equal(own.routes.reason, "namespace store has consumer routes for this port");
    assert.deepEqual(
      own.attached.map(({ isInForce, reason }) => [isInForce, reason]),
      [[true, undefined]],
    );
    const others = explained(mesh, { url: "http://cart/" });
    assert.equal(
      others.routes.reason,
      "none is bound to this port: requests go to the Service's own endpoints",
    );
    assert.deepEqual(
      others.attached.map(({ reason }) => reason),
      ["a consumer route: only for clients in namespace store"],
    );
  });

  it("names the ports that a route is for", () => {
    const web = `${routeYaml(`{ ${toCart} }`, "name: cart, sectionName: web")}
${routeYaml(`{ ${toCart} }`, "name: cart, port: 80, sectionName: http").replace("name: routes", "name: both")}`;
    const { attached } = explained(meshOf(cart + web), { url: "http://cart/" });
    assert.deepEqual(
      attached.map(({ route, parent, isInForce, reason }) => [route, parent, isInForce, reason]),
      [
        ["shop/both", "port 80 named http", true, undefined],
        ["shop/routes", "port named web", false, "not accepted"],
      ],
    );
  });

  it("shows what is wrong with the Service and with the source", () => {
    const yaml = cart.replace(
      "namespace: shop }",
      `namespace: shop, annotations: { "proxy.eastbound.dev/opaque-ports": x } }`,
    );
    const mesh = { ...meshOf(yaml), sourceProblems: ["a.yaml is no YAML"] };
    assert.deepEqual(explained(mesh, { url: "http://cart/" }).problems, [
      'Service shop/cart: annotation proxy.eastbound.dev/opaque-ports: the Service has no port "x"',
      "a.yaml is no YAML",
    ]);
  });

  it("is plain data", () => {
    const explanation = explained(meshOf(cart + routeYaml(`{ ${toCart} }`)), { url: "http://cart/" });
    assert.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation);
  });
});
