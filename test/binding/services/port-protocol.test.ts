import assert from "node:assert/strict";
import { classifyPort } from "../../../src/binding/services/port-protocol.ts";
import { servicePort } from "../build.ts";

describe("classifyPort", () => {
  const byAppProtocol = [
    ["http", "http"],
    ["HTTP", "http"],
    ["http/1.1", "http"],
    ["grpc-web", "http"],
    ["kubernetes.io/ws", "websocket"],
    ["ws", "websocket"],
    ["kubernetes.io/h2c", "http2"],
    ["Kubernetes.io/H2C", "http2"],
    ["http2", "http2"],
    ["grpc", "http2"],
    ["GRPC", "http2"],
    ["https", "tls"],
    ["tls", "tls"],
    ["kubernetes.io/wss", "tls"],
    ["tcp", "other"],
    ["postgresql", "other"],
    ["example.com/special", "other"],
  ] as const;
  for (const [declared, protocol] of byAppProtocol) {
    it(`takes appProtocol ${declared} for ${protocol}, whatever the name`, () => {
      const port = servicePort({ name: "http", appProtocol: declared });
      assert.deepEqual(classifyPort(port), { protocol, source: "appProtocol", declared });
    });
  }

  const byName = [
    ["http", "http", "http"],
    ["http-alt", "http", "http"],
    ["HTTP-alt", "http", "http"],
    ["http2", "http2", "http2"],
    ["http2-api", "http2", "http2"],
    ["grpc", "http2", "grpc"],
    ["grpc-api", "http2", "grpc"],
    ["grpc-web", "http", "grpc-web"],
    ["grpc-web-api", "http", "grpc-web"],
    ["grpc-website", "http2", "grpc"],
    ["https", "tls", "https"],
    ["tls-api", "tls", "tls"],
    ["tcp-web", "other", "tcp"],
    ["udp", "other", "udp"],
    ["mysql", "other", "mysql"],
    ["mongo", "other", "mongo"],
    ["redis-0", "other", "redis"],
    ["smtp", "other", "smtp"],
  ] as const;
  for (const [name, protocol, declared] of byName) {
    it(`takes the name ${name} for ${protocol}`, () => {
      assert.deepEqual(classifyPort(servicePort({ name })), { protocol, source: "name", declared });
    });
  }

  for (const name of ["", "web", "httpd", "api-http", "postgres", "kafka-ui", "constructor"]) {
    it(`finds nothing declared by the name "${name}"`, () => {
      const nothing = { protocol: "undeclared", source: "nothing", declared: "" };
      assert.deepEqual(classifyPort(servicePort({ name })), nothing);
    });
  }

  it("takes an empty appProtocol for none", () => {
    assert.equal(classifyPort(servicePort({ name: "grpc", appProtocol: "" })).source, "name");
  });
});
