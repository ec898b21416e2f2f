import assert from "node:assert/strict";
import { readWrk } from "./wrk.ts";

const output = (
  p50: string,
  p99: string,
  total: string,
): string => `Running 2s test @ http://127.0.0.1:4000/12
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.05ms    2.21ms  21.80ms   93.10%
    Req/Sec    57.98k     5.11k   66.10k    80.00%
  Latency Distribution
     50%  ${p50}
     75%    0.90ms
     90%    1.90ms
     99%   ${p99}
  ${total}, 17.94MB read
Requests/sec:  57701.02
Transfer/sec:      8.97MB
`;

describe("readWrk", () => {
  it("reads microseconds, milliseconds and seconds", () => {
    assert.deepEqual(readWrk(output("512.00us", "11.46ms", "115402 requests in 2.00s")), {
      requests: 115_402,
      requestsPerSecond: 57_701,
      p50Us: 512,
      p99Us: 11_460,
    });
    assert.equal(readWrk(output("1.20ms", "1.50s", "10 requests in 500.00ms")).p99Us, 1_500_000);
    assert.equal(readWrk(output("1.20ms", "1.50s", "10 requests in 1.00m")).requestsPerSecond, 10 / 60);
  });

  const failures = [
    { name: "answers that are no 2xx", line: "  Non-2xx or 3xx responses: 12" },
    { name: "connections that broke", line: "  Socket errors: connect 0, read 3, write 0, timeout 0" },
  ];
  for (const { name, line } of failures) {
    it(`fails on ${name}`, () => {
      const text = `${output("512.00us", "11.46ms", "115402 requests in 2.00s")}${line}\n`;
      assert.throws(() => readWrk(text), /the load met errors/);
    });
  }

  it("fails on output without figures", () => {
    assert.throws(() => readWrk("unable to connect"), /for a time/);
  });
});
