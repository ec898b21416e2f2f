import assert from "node:assert/strict";
import fc from "fast-check";
import { readRequest, viewOf } from "../../../src/cli/explain/explained-request.ts";

const words = { method: "GET", url: "http://cart", from: "store", headers: [] };

const targets = [
  { url: "http://cart", expected: [{ kind: "service", namespace: "store", name: "cart" }, 80, "/", ""] },
  { url: "cart/path", expected: [{ kind: "service", namespace: "store", name: "cart" }, 80, "/path", ""] },
  {
    url: "HTTP://Cart.Shop:8080",
    expected: [{ kind: "service", namespace: "shop", name: "cart" }, 8080, "/", ""],
  },
  {
    url: "http://cart.shop.svc/a?b?c",
    expected: [{ kind: "service", namespace: "shop", name: "cart" }, 80, "/a", "b?c"],
  },
  {
    url: "http://cart.shop.svc.cluster.local./",
    expected: [{ kind: "service", namespace: "shop", name: "cart" }, 80, "/", ""],
  },
  {
    url: "http://cart.shop:/x",
    expected: [{ kind: "service", namespace: "shop", name: "cart" }, 80, "/x", ""],
  },
  { url: "http://cart?q", expected: [{ kind: "service", namespace: "store", name: "cart" }, 80, "/", "q"] },
  {
    url: "http://cart/a/../%2e/b//#part",
    expected: [{ kind: "service", namespace: "store", name: "cart" }, 80, "/a/../%2e/b//", ""],
  },
  { url: "http://10.96.1.1/", expected: [{ kind: "address", address: "10.96.1.1", family: 4 }, 80, "/", ""] },
  {
    url: "http://[FD00::0:1]:81/",
    expected: [{ kind: "address", address: "fd00::1", family: 6 }, 81, "/", ""],
  },
  {
    url: "http://[::ffff:10.0.0.1]/",
    expected: [{ kind: "address", address: "10.0.0.1", family: 4 }, 80, "/", ""],
  },
];

const wrong = [
  { given: { url: "https://cart" }, path: "URL", message: /must begin with http:\/\/, not https:\/\// },
  { given: { url: "ws://cart" }, path: "URL", message: /not ws/ },
  { given: { url: "" }, path: "URL", message: /must name a Service/ },
  { given: { url: "http:///path" }, path: "URL", message: /must name a Service/ },
  { given: { url: "http://me@cart" }, path: "URL", message: /must not hold a user/ },
  { given: { url: "http://cart:0" }, path: "URL", message: /no port 0/ },
  { given: { url: "http://cart:70000" }, path: "URL", message: /no port 70000/ },
  { given: { url: "http://cart:web" }, path: "URL", message: /must name a Service/ },
  { given: { url: "http://cart/a b" }, path: "URL", message: /can't hold " " as it is: write %20/ },
  { given: { url: "http://cart/é" }, path: "URL", message: /write %C3%A9/ },
  { given: { url: "http://cart/\ud800" }, path: "URL", message: /write %EF%BF%BD/ },
  { given: { url: "http://www.example.com" }, path: "URL", message: /"www.example.com" is no Service/ },
  { given: { url: "http://a.b.svc.cluster" }, path: "URL", message: /is no Service/ },
  { given: { url: "http://a.b.svc.cluster.local.x" }, path: "URL", message: /is no Service/ },
  { given: { url: "http://under_score" }, path: "URL", message: /is no Service/ },
  { given: { url: "http://[fd00::x]/" }, path: "URL", message: /is no Service/ },
  { given: { method: "GE T" }, path: "METHOD", message: /must be a method/ },
  { given: { method: "" }, path: "METHOD", message: /must be a method/ },
  { given: { method: "get" }, path: "METHOD", message: /did you mean GET\?/ },
  { given: { method: "CONNECT" }, path: "METHOD", message: /501/ },
  { given: { from: "Shop" }, path: "--from", message: /must be a namespace, not "Shop"/ },
  { given: { headers: ["nothing"] }, path: "-H", message: /must be 'name: value', not "nothing"/ },
  { given: { headers: ["a: \u0001"] }, path: "-H", message: /must be 'name: value'/ },
  { given: { headers: ["Host: a", "host: b"] }, path: "-H", message: /Host twice/ },
  { given: { headers: ["Host: a/b"] }, path: "-H", message: /Host must be a host/ },
];

describe("readRequest", () => {
  for (const { url, expected } of targets) {
    it(`reads ${url}`, () => {
      const read = readRequest({ ...words, url });
      assert.ok(read.kind === "ok", JSON.stringify(read));
      const { target, port, path, query } = read.value;
      assert.deepEqual([target, port, path, query], expected);
    });
  }

  for (const { given, path, message } of wrong) {
    it(`blames ${path} of ${JSON.stringify(given)}`, () => {
      const read = readRequest({ ...words, ...given });
      assert.ok(read.kind === "invalid");
      assert.deepEqual(
        read.problems.map((problem) => problem.path),
        [path],
      );
      assert.match(read.problems[0]?.message ?? "", message);
    });
  }

  it("lists every problem", () => {
    const read = readRequest({ method: "post", url: "ftp://a", from: "-", headers: ["x"] });
    assert.deepEqual(read.kind === "invalid" && read.problems.map(({ path }) => path), [
      "METHOD",
      "--from",
      "URL",
      "-H",
    ]);
  });

  it("takes Host from the URL, or what a header says", () => {
    const hostOf = (headers: readonly string[]): string | undefined => {
      const read = readRequest({ ...words, url: "http://Cart:81/x", headers });
      assert.ok(read.kind === "ok");
      return viewOf(read.value).header("host");
    };
    assert.deepEqual(
      [hostOf([]), hostOf(["HOST:example.com:1"]), hostOf(["Host:"])],
      ["Cart:81", "example.com:1", ""],
    );
  });

  it("joins headers as the codec does", () => {
    const headers = ["A: 1", "cookie: a=1", "a:2 ", "Cookie: b=2", "b:"];
    const read = readRequest({ ...words, headers });
    assert.ok(read.kind === "ok");
    const view = viewOf(read.value);
    assert.deepEqual(
      ["a", "cookie", "b", "c"].map((name) => view.header(name)),
      ["1,2", "a=1; b=2", "", undefined],
    );
  });

  it("never fails, whatever it is given", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.webUrl({ withQueryParameters: true }),
    );
    fc.assert(
      fc.property(text, text, text, fc.array(text), (method, url, from, headers) => {
        const read = readRequest({ method, url, from, headers });
        assert.ok(read.kind === "ok" || read.problems.length > 0);
      }),
    );
  });

  it("keeps path and query as they are", () => {
    const part = fc.string({ unit: fc.constantFrom(..."aZ09-._~%2F/:@!$&'()*+,;=|".split("")) });
    fc.assert(
      fc.property(part, fc.option(part), fc.integer({ min: 1, max: 65_535 }), (path, query, port) => {
        const target = `/${path}${query === null ? "" : `?${query}`}`;
        const read = readRequest({ ...words, url: `http://cart.shop:${port}${target}` });
        assert.ok(read.kind === "ok");
        assert.deepEqual(
          [read.value.port, read.value.path, read.value.query],
          [port, `/${path}`, query ?? ""],
        );
      }),
    );
  });
});
