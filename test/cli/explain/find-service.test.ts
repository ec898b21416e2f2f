import assert from "node:assert/strict";
import { explainUrl } from "../../../src/cli/explain/explain-url.ts";
import { explained, meshOf, serviceYaml } from "./mesh.ts";

const mesh = meshOf(`
${serviceYaml("cart", '10.96.1.1, "fd00:96::1"', "{ port: 80, name: http }, { port: 9090, name: m }")}
${serviceYaml("pay", "10.96.1.2", "{ port: 80 }")}
${serviceYaml("pay-twin", "10.96.1.2", "{ port: 80 }")}
apiVersion: v1
kind: Service
metadata: { name: pods, namespace: shop }
spec: { clusterIP: None, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: new, namespace: store }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: other }
spec: { clusterIP: 10.96.3.1, ports: [{ port: 80 }] }
`);

const found = [
  { url: "http://cart/", dialled: "10.96.1.1:80", alsoAt: ["[fd00:96::1]:80"] },
  { url: "http://cart.shop:9090/", dialled: "10.96.1.1:9090", alsoAt: ["[fd00:96::1]:9090"] },
  { url: "http://[fd00:96::1]/", dialled: "[fd00:96::1]:80", alsoAt: ["10.96.1.1:80"] },
  { url: "http://10.96.1.2/", dialled: "10.96.1.2:80", alsoAt: [] },
];

const missing = [
  {
    url: "http://crat/",
    message: "There is no Service shop/crat.",
    hint: "Did you mean cart.shop? Services with TCP ports in namespace shop: cart, pay, pay-twin, pods.",
  },
  {
    url: "http://cart.store/",
    message: "There is no Service store/cart.",
    hint: "Did you mean cart.other or cart.shop? Services with TCP ports in namespace store: new.",
  },
  {
    url: "http://zzz.nowhere/",
    message: "There is no Service nowhere/zzz.",
    hint: "Namespace nowhere has no Service with TCP ports; these have: other, shop, store.",
  },
  {
    url: "http://cart:8080/",
    message: "Service shop/cart has no TCP port 8080.",
    hint: "Its TCP ports are 80 and 9090: try http://cart.shop:80 or http://cart.shop:9090.",
  },
  {
    url: "http://pay:8080/",
    message: "Service shop/pay has no TCP port 8080.",
    hint: "Its TCP port is 80: try http://pay.shop:80.",
  },
  {
    url: "http://10.96.1.1:443/",
    message: "Service shop/cart (10.96.1.1) has no TCP port 443.",
    hint: "Its TCP ports are 80 and 9090.",
  },
  {
    url: "http://10.96.1.2:443/",
    message: "Service shop/pay (10.96.1.2) has no TCP port 443.",
    hint: "Its TCP port is 80.",
  },
  {
    url: "http://10.0.0.1:9090/",
    message: "10.0.0.1:9090 is an endpoint of Service shop/cart, not a Service.",
    hint: "Traffic to pods is not touched, no route applies. Dial cart.shop:9090 for its routes.",
  },
  {
    url: "http://[fd00::9]:81/",
    message: "No Service has the address [fd00::9]:81.",
    hint: "Connections to it are passed through unchanged.",
  },
  {
    url: "http://pods/",
    message: "Service shop/pods has no ClusterIP.",
    hint: "Clients dial its pods directly, which the proxy does not touch, and no route applies.",
  },
  {
    url: "http://pay-twin/",
    message: "No address of Service shop/pay-twin leads to it.",
    hint: "Service shop/pay-twin: 10.96.1.2:80 belongs to Service shop/pay already.",
  },
];

describe("finding the Service of a URL", () => {
  for (const { url, dialled, alsoAt } of found) {
    it(`finds ${url}`, () => {
      const { service } = explained(mesh, { url });
      assert.deepEqual([service.dialled, service.alsoAt], [dialled, alsoAt]);
    });
  }

  for (const { url, message, hint } of missing) {
    it(`says what to try instead of ${url}`, () => {
      const outcome = explainUrl(mesh, { method: "GET", url, from: "shop", headers: [] });
      assert.deepEqual(outcome, { kind: "not-found", message, hint });
    });
  }

  it("says that nothing is known", () => {
    const outcome = explainUrl(meshOf(""), { method: "GET", url: "http://a", from: "shop", headers: [] });
    assert.deepEqual(outcome, {
      kind: "not-found",
      message: "There is no Service shop/a.",
      hint: "No Service with TCP ports is known at all.",
    });
  });

  it("lists some of many", () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      serviceYaml(`s${index}`, `10.1.0.${index}`, "{ port: 80 }"),
    );
    const outcome = explainUrl(meshOf(many.join("")), {
      method: "GET",
      url: "http://zzzzzz",
      from: "shop",
      headers: [],
    });
    assert.match(JSON.stringify(outcome), /s0, s1, s10, .* and 10 more\./);
  });
});
