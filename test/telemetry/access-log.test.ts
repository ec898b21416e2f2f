import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type AccessLogEntry, accessLogLine, encodeAccessLogTarget } from "../../src/telemetry/access-log.ts";

const target = encodeAccessLogTarget({
  service: "shop/cart:80",
  route: "shop/cart",
  rule: "canary",
  backend: "shop/cart-v2:8080",
});

const full: AccessLogEntry = {
  timeMs: Date.UTC(2026, 7, 1, 12, 0, 0, 7),
  target,
  endpoint: "10.0.0.1:8080",
  protocol: "http1",
  method: "GET",
  path: "/a?b=c",
  host: "cart.shop",
  status: 200,
  grpcStatus: 0,
  failure: "timeout",
  tries: 2,
  bytesReceived: 0,
  bytesSent: 12,
  durationMs: 3.456_789,
  upstreamMs: 3.1,
  traceId: "0af7651916cd43dd8448eb211c80319c",
};

const bare: AccessLogEntry = {
  timeMs: Date.UTC(2026, 7, 1, 12, 0, 0, 123.9),
  target: encodeAccessLogTarget({ service: "shop/cart:80" }),
  endpoint: undefined,
  protocol: "http1",
  method: undefined,
  path: undefined,
  host: undefined,
  status: undefined,
  grpcStatus: undefined,
  failure: undefined,
  tries: 0,
  bytesReceived: 0,
  bytesSent: 0,
  durationMs: 0,
  upstreamMs: undefined,
  traceId: undefined,
};

describe("accessLogLine", () => {
  it("has the fields of the contract, in its order", () => {
    assert.equal(
      accessLogLine(full),
      '{"time":"2026-08-01T12:00:00.007Z","service":"shop/cart:80","route":"shop/cart","rule":"canary",' +
        '"backend":"shop/cart-v2:8080","endpoint":"10.0.0.1:8080","protocol":"http1","method":"GET","path":"/a?b=c",' +
        '"host":"cart.shop","status":200,"grpc_status":0,"failure":"timeout","tries":2,"bytes_received":0,' +
        '"bytes_sent":12,"duration_ms":3.457,"upstream_ms":3.1,"trace_id":"0af7651916cd43dd8448eb211c80319c"}\n',
    );
  });

  it("leaves out what does not apply", () => {
    assert.equal(
      accessLogLine(bare),
      '{"time":"2026-08-01T12:00:00.123Z","service":"shop/cart:80","protocol":"http1","tries":0,' +
        '"bytes_received":0,"bytes_sent":0,"duration_ms":0}\n',
    );
  });

  it("is one line of JSON whatever the client sent", () => {
    const anything = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(anything, anything, anything, anything, (method, path, host, service) => {
        const line = accessLogLine({
          ...full,
          target: encodeAccessLogTarget({ service }),
          method,
          path,
          host,
        });
        assert.equal(line.indexOf("\n"), line.length - 1);
        const parsed = JSON.parse(line) as unknown as Record<string, unknown>;
        assert.deepEqual(
          [parsed["method"], parsed["path"], parsed["host"], parsed["service"]],
          [method, path, host, service],
        );
      }),
    );
  });

  it("cuts long paths, so that no container runtime splits the line", () => {
    const line = accessLogLine({ ...full, path: `/${"x".repeat(60_000)}` });
    const parsed = JSON.parse(line) as unknown as Record<string, unknown>;
    assert.equal(parsed["path"], `/${"x".repeat(4_095)}`);
  });

  const times = [
    { timeMs: 0, expect: "1970-01-01T00:00:00.000Z" },
    { timeMs: 999.999, expect: "1970-01-01T00:00:00.999Z" },
    { timeMs: 1_000, expect: "1970-01-01T00:00:01.000Z" },
    { timeMs: 1_010.5, expect: "1970-01-01T00:00:01.010Z" },
    { timeMs: 86_399_999, expect: "1970-01-01T23:59:59.999Z" },
    { timeMs: 500, expect: "1970-01-01T00:00:00.500Z" },
  ];
  for (const c of times) {
    it(`writes the time ${c.expect}`, () => {
      const parsed = JSON.parse(accessLogLine({ ...bare, timeMs: c.timeMs })) as unknown as Record<
        string,
        unknown
      >;
      assert.equal(parsed["time"], c.expect);
    });
  }
});
