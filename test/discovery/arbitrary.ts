import fc from "fast-check";
import type { Backend, Endpoint } from "../../src/binding/backend.ts";
import { backendName } from "../../src/binding/backend.ts";
import type {
  BackendTarget,
  BoundBackendRef,
  BoundFilter,
  BoundRule,
  Frontend,
  RouteSet,
} from "../../src/binding/frontend.ts";
import { frontendName } from "../../src/binding/frontend.ts";
import { compareText } from "../../src/binding/order.ts";
import type {
  Cors,
  HeaderModifier,
  HttpRouteMatch,
  PathMatch,
  PathModifier,
  ValueMatch,
} from "../../src/resources/http-route.ts";
import { parseIpAddress } from "../../src/resources/ip-address.ts";

/** Members that are there or not, but never undefined. */
function withOptional<T extends object, O extends object>(
  required: { [K in keyof T]: fc.Arbitrary<T[K]> },
  optional: { [K in keyof O]: fc.Arbitrary<O[K]> },
): fc.Arbitrary<T & Partial<O>> {
  const members = { ...required, ...optional };
  return fc.record(members, { requiredKeys: Object.keys(required) as never }) as unknown as fc.Arbitrary<
    T & Partial<O>
  >;
}

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const anyText = fc.string({ unit: "grapheme", maxLength: 20 });

const ipv4: fc.Arbitrary<string> = fc.ipV4();
const ipv6: fc.Arbitrary<string> = fc
  .oneof(
    fc.ipV6(),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }).map((g) => g.join(":")),
  )
  .map((text) => parseIpAddress(text))
  .filter((parsed) => parsed?.family === 6)
  .map((parsed) => parsed?.address ?? "");

/** Few of each, so that groups form. */
const zone = fc.constantFrom("eu-1a", "eu-1b", "eu-1c");
const node = fc.constantFrom("node-1", "node-2", "node-3", "node-4");

function endpointWith(address: fc.Arbitrary<string>, family: 4 | 6): fc.Arbitrary<Endpoint> {
  return withOptional<Omit<Endpoint, "zone" | "node">, { zone: string; node: string }>(
    {
      address,
      port: fc.oneof(fc.constant(8080), port),
      family: fc.constant(family),
      isReady: fc.boolean(),
      isServing: fc.boolean(),
      isTerminating: fc.boolean(),
      hintZones: fc.array(zone, { maxLength: 2 }),
      hintNodes: fc.array(node, { maxLength: 2 }),
    },
    { zone, node },
  );
}

const nearIpv4 = fc.integer({ min: 0, max: 600 }).map((n) => `10.1.${n >> 8}.${n & 255}`);

const endpoints: fc.Arbitrary<readonly Endpoint[]> = fc
  .uniqueArray(fc.oneof(endpointWith(ipv4, 4), endpointWith(nearIpv4, 4), endpointWith(ipv6, 6)), {
    maxLength: 30,
    selector: ({ address, port }) => `${address} ${port}`,
  })
  .map((list) => list.sort((a, b) => compareText(a.address, b.address) || a.port - b.port));

export const backend: fc.Arbitrary<Backend> = withOptional<
  Omit<Backend, "name" | "trafficDistribution">,
  Required<Pick<Backend, "trafficDistribution">>
>(
  {
    namespace: label,
    service: label,
    port,
    clusterIPs: fc.array(fc.oneof(ipv4, ipv6), { maxLength: 2 }),
    protocol: fc.constantFrom("http", "websocket", "http2", "tls", "other", "undeclared"),
    endpoints,
    internalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
    sessionAffinity: fc.oneof(
      fc.constant({ kind: "None" } as const),
      fc.record({
        kind: fc.constant("ClientIP" as const),
        timeoutSeconds: fc.integer({ min: 1, max: 86_400 }),
      }),
    ),
  },
  { trafficDistribution: fc.constantFrom("PreferSameZone", "PreferSameNode") },
).map((b) => structuredClone({ name: backendName(b.namespace, b.service, b.port), ...b }));

const path = fc.stringMatching(/^\/[a-z]{0,5}(\/[a-z]{1,5}){0,2}$/).filter((text) => !text.includes("//"));
const header = fc.stringMatching(/^[A-Za-z][-A-Za-z0-9]{0,8}$/);
const value = fc.stringMatching(/^[!-~]{1,9}( [!-~]{1,9})?$/);
const unsupported = fc.record({ kind: fc.constant("Unsupported" as const), field: anyText, value: anyText });

const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom("Exact" as const, "PathPrefix" as const), value: path }),
  fc.record({ kind: fc.constant("RegularExpression" as const), value: anyText }),
  unsupported,
);

const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("Exact" as const, "RegularExpression" as const),
    name: header,
    value: anyText.filter((text) => text !== ""),
  }),
  unsupported,
);

const match = withOptional<Omit<HttpRouteMatch, "method">, { method: string }>(
  {
    path: pathMatch,
    headers: fc.array(valueMatch, { maxLength: 2 }),
    queryParams: fc.array(valueMatch, { maxLength: 2 }),
  },
  { method: fc.constantFrom("GET", "POST", "PROPFIND") },
);

/** One action per name, and the names differ in more than their case. */
const headerModifier: fc.Arbitrary<HeaderModifier> = fc
  .uniqueArray(fc.record({ name: header, value }), {
    maxLength: 6,
    selector: ({ name }) => name.toLowerCase(),
  })
  .map((all) => ({
    set: all.filter((_, index) => index % 3 === 0),
    add: all.filter((_, index) => index % 3 === 1),
    remove: all.filter((_, index) => index % 3 === 2).map(({ name }) => name),
  }));

const pathModifier: fc.Arbitrary<PathModifier> = fc.record({
  kind: fc.constantFrom("ReplaceFullPath" as const, "ReplacePrefixMatch" as const),
  value: fc.oneof(fc.constant(""), path),
});

const words = fc.array(fc.stringMatching(/^[A-Z]{1,6}$/), { maxLength: 3 });

const cors: fc.Arbitrary<Cors> = fc.record({
  allowOrigins: fc.array(fc.constantFrom("https://a.example", "http://*.b.example:8080"), { maxLength: 2 }),
  allowMethods: fc.oneof(fc.constant(["*"]), words),
  allowHeaders: fc.oneof(fc.constant(["*"]), fc.array(header, { maxLength: 3 })),
  exposeHeaders: fc.array(header, { maxLength: 3 }),
  allowCredentials: fc.boolean(),
  maxAgeSeconds: fc.integer({ min: 1, max: 2_147_483_647 }),
});

const anyBackendName = fc
  .tuple(label, label, port)
  .map(([namespace, service, number]) => backendName(namespace, service, number));

const target: fc.Arbitrary<BackendTarget> = fc.oneof(
  fc.record({ kind: fc.constant("Backend" as const), name: anyBackendName }),
  fc.record({
    kind: fc.constant("Invalid" as const),
    reason: fc.constantFrom("RefNotPermitted", "InvalidKind", "BackendNotFound", "UnsupportedProtocol"),
    message: anyText,
  }),
);

const redirect = withOptional<
  { statusCode: 301 | 302 | 303 | 307 | 308 },
  { scheme: string; hostname: string; port: number; path: PathModifier }
>(
  { statusCode: fc.constantFrom(301, 302, 303, 307, 308) },
  { scheme: fc.constantFrom("http", "https"), hostname: label, port, path: pathModifier },
);

const filter: fc.Arbitrary<BoundFilter> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("RequestHeaderModifier" as const, "ResponseHeaderModifier" as const),
    headers: headerModifier,
  }),
  fc.record({ kind: fc.constant("RequestRedirect" as const), redirect }),
  fc.record({
    kind: fc.constant("URLRewrite" as const),
    rewrite: withOptional<object, { hostname: string; path: PathModifier }>(
      {},
      { hostname: label, path: pathModifier },
    ),
  }),
  fc.record({
    kind: fc.constant("RequestMirror" as const),
    target,
    fraction: fc
      .tuple(fc.nat(100), fc.integer({ min: 100, max: 2_147_483_647 }))
      .map(([numerator, denominator]) => ({ numerator, denominator })),
  }),
  fc.record({ kind: fc.constant("CORS" as const), cors }),
  fc.record({ kind: fc.constant("Unresolved" as const), message: anyText }),
);

const filters = fc.array(filter, { maxLength: 3 });

const backendRef: fc.Arbitrary<BoundBackendRef> = fc.record({
  target,
  weight: fc.integer({ min: 0, max: 1_000_000 }),
  filters,
});

const time = fc.maxSafeNat().map((ms) => Math.max(ms, 1));

const rule: fc.Arbitrary<BoundRule> = withOptional<
  Omit<BoundRule, "name" | "retry">,
  Required<Pick<BoundRule, "name" | "retry">>
>(
  {
    index: fc.nat(100),
    matches: fc.array(match, { minLength: 1, maxLength: 2 }),
    filters,
    backends: fc.array(backendRef, { maxLength: 2 }),
    timeouts: withOptional<object, { requestMs: number; backendRequestMs: number }>(
      {},
      { requestMs: time, backendRequestMs: time },
    ),
  },
  {
    name: label,
    retry: withOptional<{ codes: number[]; attempts: number }, { backoffMs: number }>(
      { codes: fc.array(fc.integer({ min: 400, max: 599 }), { maxLength: 3 }), attempts: fc.maxSafeNat() },
      { backoffMs: fc.maxSafeNat() },
    ),
  },
);

const routes: fc.Arbitrary<RouteSet> = fc.record({
  kind: fc.constant("HTTPRoute" as const),
  scope: fc.oneof(
    fc.constant({ kind: "producer" } as const),
    fc.record({ kind: fc.constant("consumer" as const), namespace: label }),
  ),
  routes: fc.array(fc.record({ namespace: label, name: label, rules: fc.array(rule, { maxLength: 3 }) }), {
    maxLength: 2,
  }),
});

export const frontend: fc.Arbitrary<Frontend> = withOptional<
  Omit<Frontend, "name" | "backend" | "routes">,
  { routes: RouteSet; other: string }
>(
  {
    address: fc.oneof(ipv4, ipv6),
    port,
    service: fc.record({ namespace: label, name: label }),
    protocol: fc.constantFrom("http", "detect", "opaque"),
  },
  { routes, other: anyBackendName },
).map(({ other, routes, ...rest }) =>
  // Plain prototypes throughout, which records of fast-check have not.
  structuredClone({
    name: frontendName(rest.address, rest.port),
    ...rest,
    backend: other ?? backendName(rest.service.namespace, rest.service.name, rest.port),
    ...(routes !== undefined && { routes }),
  }),
);
