import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { Backend, Endpoint } from "../../../src/binding/backend.ts";
import { encodeBackend } from "../../../src/discovery/encoding/encode-backend.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { SimulatedSidecar, trusting } from "../../support/simulated-sidecar.ts";
import { ServerFixture } from "./server-harness.ts";

const NAME = "checkout/payment-gateway:8080";
const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const CHANGES = 40;

/** As clusters give them out: a /24 to each node, pods anywhere in it. */
function endpointOf(n: number, form: "plain" | "hinted" | "ipv6"): Endpoint {
  const zone = ZONES[n % 3] ?? "";
  return {
    address:
      form === "ipv6" ? `2001:db8:42:${((n % 97) + 1).toString(16)}::${n + 1}` : `10.42.${n % 97}.${n % 251}`,
    family: form === "ipv6" ? 6 : 4,
    port: 8080,
    isReady: true,
    isServing: true,
    isTerminating: false,
    node: `ip-10-0-${n % 97}-${n % 11}.eu-central-1.compute.internal`,
    zone,
    hintZones: form === "hinted" ? [zone] : [],
    hintNodes: [],
  };
}

function backendOf(endpoints: readonly Endpoint[]): Backend {
  const sorted = [...endpoints].sort((a, b) => (a.address < b.address ? -1 : 1));
  return {
    name: NAME,
    namespace: "checkout",
    service: "payment-gateway",
    port: 8080,
    clusterIPs: ["10.96.112.7"],
    protocol: "http",
    endpoints: sorted,
    internalTrafficPolicy: "Cluster",
    sessionAffinity: { kind: "None" },
  };
}

describe("bytes to a sidecar for each change of an endpoint", () => {
  const cases = [
    { name: "10 endpoints", count: 10, form: "plain", most: 300 },
    { name: "10 endpoints with hints", count: 10, form: "hinted", most: 300 },
    { name: "1,000 endpoints", count: 1000, form: "plain", most: 12_000 },
    { name: "1,000 endpoints with hints", count: 1000, form: "hinted", most: 12_000 },
    { name: "1,000 endpoints of IPv6", count: 1000, form: "ipv6", most: 12_000 },
  ] as const;
  let authority: TestAuthority;

  before(async () => {
    authority = await TestAuthority.create();
  });

  for (const { name, count, form, most } of cases) {
    it(`${name}: at most ${most}`, async () => {
      await using fixture = await ServerFixture.start(authority);
      const endpoints = Array.from({ length: count }, (_, n) => endpointOf(n, form));
      const put = (): void => fixture.catalogue.put("Backend", NAME, encodeBackend(backendOf(endpoints)));
      put();
      const responses = new EventEmitter();
      const sidecar = await SimulatedSidecar.connect({
        port: fixture.server.port,
        trust: trusting(authority.certificate),
        token: "good",
        onResponse: () => responses.emit("one"),
      });
      sidecar.subscribe("Backend", [NAME]);
      await once(responses, "one");
      const before = sidecar.bytesRead;
      for (let change = 0; change < CHANGES; change++) {
        const replaced = endpoints[change % count];
        assert.ok(replaced);
        endpoints[change % count] = { ...replaced, ...endpointOf(count + change, form) };
        put();
        fixture.publish(NAME);
        await once(responses, "one");
      }
      const bytes = (sidecar.bytesRead - before) / CHANGES;
      sidecar.close();

      assert.ok(bytes <= most, `${bytes} bytes`);
      assert.ok(bytes > 100, `${bytes} bytes`);
    });
  }
});
