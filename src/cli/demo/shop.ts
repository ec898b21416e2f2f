/**
 * The first of the ports that examples/shop uses; the others are the next ones. The sidecar's admin endpoints have it.
 */
export const EXAMPLE_PORT_BASE = 18_000;

/** One more than the farthest port from the base, and so the number of ports. */
export const EXAMPLE_PORT_COUNT = 33;

/** A request that the demo sends over and over, and that a user can send with curl. */
export interface ExampleRequest {
  /** The manifest that it shows. */
  readonly file: string;
  /** The Service, as a client in a cluster would call it. */
  readonly service: string;
  /** Of the Service, counted from the base. */
  readonly portOffset: number;
  /** No two examples of a Service have the same: it tells them apart in the access log. */
  readonly path: string;
  readonly header?: readonly [name: string, value: string];
  /** Whether curl has to print the head of the answer. */
  readonly isAboutHead?: boolean;
}

export const exampleRequests: readonly ExampleRequest[] = [
  { file: "canary.yaml", service: "catalog", portOffset: 1, path: "/products" },
  { file: "header.yaml", service: "cart", portOffset: 2, path: "/cart/ann" },
  { file: "header.yaml", service: "cart", portOffset: 2, path: "/cart/bob", header: ["x-group", "beta"] },
  {
    file: "redirect.yaml",
    service: "orders",
    portOffset: 3,
    path: "/api/v1/orders/7",
    isAboutHead: true,
  },
  { file: "rewrite.yaml", service: "images", portOffset: 4, path: "/img/logo.svg" },
  { file: "mirror.yaml", service: "search", portOffset: 5, path: "/search" },
  { file: "retry.yaml", service: "stock", portOffset: 6, path: "/items/42" },
  { file: "timeout.yaml", service: "reviews", portOffset: 7, path: "/reviews" },
];

/** Names the example that a request of the demo belongs to, on its way to the pods. */
export const EXAMPLE_HEADER = "x-example";

/** A backend of the shop. Which Services it belongs to is for the EndpointSlices of examples/shop to say. */
export interface Pod {
  readonly name: string;
  readonly portOffset: number;
  readonly behaviour: "steady" | "every fourth fails" | "every fifth is slow";
}

/** How long a slow answer takes: more than examples/shop/timeout.yaml allows. */
export const SLOW_ANSWER_MS = 400;

export const pods: readonly Pod[] = [
  { name: "catalog-v1-a", portOffset: 21, behaviour: "steady" },
  { name: "catalog-v1-b", portOffset: 22, behaviour: "steady" },
  { name: "catalog-v2-a", portOffset: 23, behaviour: "steady" },
  { name: "cart-a", portOffset: 24, behaviour: "steady" },
  { name: "cart-beta-a", portOffset: 25, behaviour: "steady" },
  { name: "orders-a", portOffset: 26, behaviour: "steady" },
  { name: "images-a", portOffset: 27, behaviour: "steady" },
  { name: "search-a", portOffset: 28, behaviour: "steady" },
  { name: "search-next-a", portOffset: 29, behaviour: "steady" },
  { name: "stock-a", portOffset: 30, behaviour: "every fourth fails" },
  { name: "stock-b", portOffset: 31, behaviour: "every fourth fails" },
  { name: "reviews-a", portOffset: 32, behaviour: "every fifth is slow" },
];

/** The same text with every port of the examples moved to another base. */
export function movePorts(text: string, base: number): string {
  return text.replace(/\b180([0-3]\d)\b/g, (_, offset: string) => String(base + Number(offset)));
}

/** What a user types to send the request. */
export function curlCommand({ portOffset, path, header, isAboutHead }: ExampleRequest, base: number): string {
  const flags = [
    ...(isAboutHead === true ? ["-i"] : []),
    ...(header === undefined ? [] : [`-H '${header.join(": ")}'`]),
  ];
  return ["curl", ...flags, `127.0.0.1:${base + portOffset}${path}`].join(" ");
}
