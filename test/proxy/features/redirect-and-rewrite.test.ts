import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BoundFilter, BoundRule } from "../../../src/binding/frontend.ts";
import type { PathModifier, RequestRedirect } from "../../../src/resources/http-route.ts";
import { answerOf, Routed, readAnswer, requestText, saying, valuesOf } from "../../support/routed.ts";

function prefixed(value: string, ...filters: readonly BoundFilter[]): Partial<BoundRule> {
  return {
    matches: [{ path: { kind: "PathPrefix", value }, headers: [], queryParams: [] }],
    filters,
  };
}

function redirecting(value: string, redirect: Partial<RequestRedirect>): Partial<BoundRule> {
  return {
    ...prefixed(value, { kind: "RequestRedirect", redirect: { statusCode: 302, ...redirect } }),
    backends: [],
  };
}

function full(value: string): PathModifier {
  return { kind: "ReplaceFullPath", value };
}

function prefix(value: string): PathModifier {
  return { kind: "ReplacePrefixMatch", value };
}

describe("RequestRedirect on the wire", () => {
  // The conformance tests HTTPRouteRedirectHostAndStatus, …Path, …Port, …Scheme, …PortAndScheme, 303, 307 and 308.
  const cases: readonly {
    readonly name: string;
    readonly port?: number;
    readonly rule: Partial<BoundRule>;
    readonly target: string;
    readonly host?: string;
    readonly status?: number;
    readonly location: string;
  }[] = [
    {
      name: "host",
      rule: redirecting("/", { hostname: "example.org" }),
      target: "/hostname-redirect",
      location: "http://example.org/hostname-redirect",
    },
    {
      name: "301",
      rule: redirecting("/", { hostname: "example.org", statusCode: 301 }),
      target: "/a",
      status: 301,
      location: "http://example.org/a",
    },
    {
      name: "303",
      rule: redirecting("/", { hostname: "example.org", statusCode: 303 }),
      target: "/a",
      status: 303,
      location: "http://example.org/a",
    },
    {
      name: "307",
      rule: redirecting("/", { hostname: "example.org", statusCode: 307 }),
      target: "/a",
      status: 307,
      location: "http://example.org/a",
    },
    {
      name: "308",
      rule: redirecting("/", { hostname: "example.org", statusCode: 308 }),
      target: "/a",
      status: 308,
      location: "http://example.org/a",
    },
    {
      name: "full path",
      rule: redirecting("/full", { path: full("/full-path-replacement") }),
      target: "/full/path/original?a=1",
      location: "http://web/full-path-replacement?a=1",
    },
    {
      name: "prefix",
      rule: redirecting("/original-prefix", { path: prefix("/replacement-prefix") }),
      target: "/original-prefix/lemon?a=1&b",
      location: "http://web/replacement-prefix/lemon?a=1&b",
    },
    {
      name: "prefix to the root",
      rule: redirecting("/strip", { path: prefix("/") }),
      target: "/strip",
      location: "http://web/",
    },
    {
      name: "prefix to the root with a rest",
      rule: redirecting("/strip", { path: prefix("/") }),
      target: "/strip/rest",
      location: "http://web/rest",
    },
    {
      name: "host and path",
      rule: redirecting("/full", { hostname: "example.org", path: full("/new") }),
      target: "/full",
      location: "http://example.org/new",
    },
    {
      name: "port",
      rule: redirecting("/", { port: 8083 }),
      target: "/port",
      location: "http://web:8083/port",
    },
    {
      name: "port and host",
      rule: redirecting("/", { port: 8083, hostname: "example.org" }),
      target: "/p",
      location: "http://example.org:8083/p",
    },
    {
      name: "scheme has its own port",
      port: 8080,
      rule: redirecting("/", { scheme: "https" }),
      target: "/s",
      location: "https://web/s",
    },
    {
      name: "scheme http has port 80",
      port: 8080,
      rule: redirecting("/", { scheme: "http", hostname: "example.org" }),
      target: "/s",
      location: "http://example.org/s",
    },
    {
      name: "neither: the port dialled",
      port: 8080,
      rule: redirecting("/", { hostname: "example.org" }),
      target: "/s",
      location: "http://example.org:8080/s",
    },
    {
      name: "the port of Host does not count",
      port: 80,
      rule: redirecting("/", { statusCode: 301 }),
      host: "web.app:4711",
      status: 301,
      target: "/s",
      location: "http://web.app/s",
    },
    {
      name: "port 80 with http is left out",
      port: 8080,
      rule: redirecting("/", { port: 80 }),
      target: "/s",
      location: "http://web/s",
    },
    {
      name: "port 443 with https is left out",
      rule: redirecting("/", { scheme: "https", port: 443 }),
      target: "/s",
      location: "https://web/s",
    },
    {
      name: "port 443 with http stays",
      rule: redirecting("/", { scheme: "http", port: 443 }),
      target: "/s",
      location: "http://web:443/s",
    },
    {
      name: "port 80 with https stays",
      rule: redirecting("/", { scheme: "https", port: 80 }),
      target: "/s",
      location: "https://web:80/s",
    },
    {
      name: "the host of an absolute-form target",
      rule: redirecting("/", { scheme: "https" }),
      target: "http://other.example:8080/s?q",
      location: "https://other.example/s?q",
    },
  ];
  for (const c of cases) {
    it(c.name, async () => {
      await using routed = await Routed.start({ rules: [c.rule], frontend: { port: c.port ?? 80 } });
      const client = routed.client();
      const text = requestText("GET", c.target).replace("Host: web", `Host: ${c.host ?? "web"}`);
      const answer = await answerOf(client, text);
      assert.equal(answer.status, c.status ?? 302);
      assert.deepEqual(valuesOf(answer, "location"), [c.location]);
      assert.deepEqual(valuesOf(answer, "content-length"), ["0"]);
      assert.equal(routed.seen().length, 0);
      // The connection is as good as before.
      assert.equal((await answerOf(client, text)).status, c.status ?? 302);
    });
  }

  it("names the address dialled where an HTTP/1.0 request names no host", async () => {
    await using routed = await Routed.start({ rules: [redirecting("/", { port: 81 })] });
    const answer = await routed.send("GET /a HTTP/1.0\r\n\r\n");
    assert.deepEqual(valuesOf(answer, "location"), ["http://10.96.0.1:81/a"]);
    assert.deepEqual(valuesOf(answer, "connection"), ["close"]);
  });

  it("keeps the connection when the body is short, however it arrives", async () => {
    await using routed = await Routed.start({
      rules: [redirecting("/old", { hostname: "new" }), prefixed("/")],
    });
    const client = routed.client();
    client.send("POST /old HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\n");
    const redirect = await readAnswer(client, 0);
    assert.equal(redirect.status, 302);
    assert.deepEqual(valuesOf(redirect, "connection"), []);
    client.send("01234");
    const from = client.received.length;
    client.send("56789GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    assert.equal((await readAnswer(client, from)).body, "web");
  });

  const unskippable = [
    { name: "is chunked", head: "Transfer-Encoding: chunked" },
    { name: "is long", head: "Content-Length: 1000000" },
    { name: "waits for 100 Continue", head: "Content-Length: 10\r\nExpect: 100-continue" },
  ];
  for (const c of unskippable) {
    it(`closes when the body ${c.name}`, async () => {
      await using routed = await Routed.start({ rules: [redirecting("/", { hostname: "new" })] });
      const client = routed.client();
      client.send(`POST / HTTP/1.1\r\nHost: web\r\n${c.head}\r\n\r\n`);
      const answer = await readAnswer(client, 0);
      assert.equal(answer.status, 302);
      assert.deepEqual(valuesOf(answer, "connection"), ["close"]);
      await client.closed();
      assert.equal(client.closedBy, "end");
    });
  }

  it("is of a backendRef's share only", async () => {
    await using routed = await Routed.start({
      rules: [
        {
          backends: [
            {
              target: { kind: "Backend", name: "app/web:80" },
              weight: 1,
              filters: [{ kind: "RequestRedirect", redirect: { hostname: "new", statusCode: 302 } }],
            },
          ],
        },
      ],
    });
    const answer = await routed.get("/a");
    assert.deepEqual([answer.status, valuesOf(answer, "location")], [302, ["http://new/a"]]);
  });

  it("is followed by curl", async () => {
    await using routed = await Routed.start({
      rules: [redirecting("/old", { path: prefix("/new") }), prefixed("/new")],
    });
    const url = `http://web/old/path?x=1`;
    const args = [
      "--silent",
      "--location",
      "--max-redirs",
      "3",
      "--connect-to",
      `::127.0.0.1:${routed.port}`,
      url,
    ];
    const { stdout } = await promisify(execFile)("curl", args);
    assert.equal(stdout, "web");
    assert.deepEqual(
      routed.seen().map(({ target }) => target),
      ["/new/path?x=1"],
    );
  });
});

function rewriting(path: PathModifier | undefined, hostname?: string): BoundFilter {
  return { kind: "URLRewrite", rewrite: { ...(path && { path }), ...(hostname && { hostname }) } };
}

describe("URLRewrite on the wire", () => {
  // The conformance tests HTTPRouteRewriteHost and HTTPRouteRewritePath, and more.
  const cases: readonly {
    readonly name: string;
    readonly at?: string;
    readonly filters: readonly BoundFilter[];
    readonly request: string;
    readonly target: string;
    readonly host?: string;
  }[] = [
    {
      name: "prefix",
      at: "/prefix/one",
      filters: [rewriting(prefix("/one"))],
      request: "GET /prefix/one/two HTTP/1.1",
      target: "/one/two",
    },
    {
      name: "prefix, nothing behind it",
      at: "/prefix/one",
      filters: [rewriting(prefix("/one"))],
      request: "GET /prefix/one HTTP/1.1",
      target: "/one",
    },
    {
      name: "prefix, a slash behind it",
      at: "/prefix/one",
      filters: [rewriting(prefix("/one"))],
      request: "GET /prefix/one/ HTTP/1.1",
      target: "/one/",
    },
    {
      name: "strip",
      at: "/strip-prefix",
      filters: [rewriting(prefix("/"))],
      request: "GET /strip-prefix/three HTTP/1.1",
      target: "/three",
    },
    {
      name: "strip all",
      at: "/strip-prefix",
      filters: [rewriting(prefix("/"))],
      request: "GET /strip-prefix HTTP/1.1",
      target: "/",
    },
    {
      name: "strip, query kept",
      at: "/strip-prefix",
      filters: [rewriting(prefix(""))],
      request: "GET /strip-prefix?a=1?b HTTP/1.1",
      target: "/?a=1?b",
    },
    {
      name: "full",
      at: "/full",
      filters: [rewriting(full("/one"))],
      request: "GET /full/one/two HTTP/1.1",
      target: "/one",
    },
    {
      name: "full, query kept",
      at: "/full",
      filters: [rewriting(full("/one"))],
      request: "GET /full/one/two?x=%20y HTTP/1.1",
      target: "/one?x=%20y",
    },
    {
      name: "full, an empty query",
      at: "/full",
      filters: [rewriting(full("/one"))],
      request: "GET /full? HTTP/1.1",
      target: "/one?",
    },
    {
      name: "host",
      filters: [rewriting(undefined, "one.example.org")],
      request: "GET /a?b HTTP/1.1",
      target: "/a?b",
      host: "one.example.org",
    },
    {
      name: "host and path",
      at: "/a",
      filters: [rewriting(prefix("/b"), "one.example.org")],
      request: "GET /a/c HTTP/1.1",
      target: "/b/c",
      host: "one.example.org",
    },
    {
      name: "with header modifiers",
      at: "/prefix",
      filters: [
        { kind: "RequestHeaderModifier", headers: { set: [{ name: "x", value: "y" }], add: [], remove: [] } },
        rewriting(prefix("/p")),
      ],
      request: "GET /prefix/rewrite HTTP/1.1",
      target: "/p/rewrite",
    },
    {
      name: "absolute-form",
      at: "/a",
      filters: [rewriting(prefix("/b"))],
      request: "GET http://other.example/a/c?d HTTP/1.1",
      target: "/b/c?d",
      host: "other.example",
    },
    {
      name: "absolute-form and host",
      at: "/a",
      filters: [rewriting(undefined, "new.example")],
      request: "GET http://other.example/a HTTP/1.1",
      target: "/a",
      host: "new.example",
    },
    {
      name: "absolute-form without a path",
      filters: [rewriting(prefix("/b"))],
      request: "GET http://other.example HTTP/1.1",
      target: "/b/",
      host: "other.example",
    },
    {
      name: "OPTIONS * has no path to rewrite",
      filters: [rewriting(full("/b"))],
      request: "OPTIONS * HTTP/1.1",
      target: "*",
    },
    {
      name: "what is encoded stays encoded",
      at: "/a",
      filters: [rewriting(prefix("/%C3%A4"))],
      request: "GET /a/%2fb%20c HTTP/1.1",
      target: "/%C3%A4/%2fb%20c",
    },
  ];
  for (const c of cases) {
    const expected = [c.target, [c.host ?? "web"]];
    const send = async (rule: Partial<BoundRule>): Promise<void> => {
      await using routed = await Routed.start({ rules: [rule] });
      assert.equal((await routed.send(`${c.request}\r\nHost: web\r\n\r\n`)).status, 200);
      const [seen = { target: "", headers: [] }] = routed.seen();
      assert.deepEqual([seen.target, valuesOf(seen, "host")], expected);
    };
    it(c.name, () => send(prefixed(c.at ?? "/", ...c.filters)));
    it(`${c.name}, of a backendRef`, () =>
      send({
        ...prefixed(c.at ?? "/"),
        backends: [{ target: { kind: "Backend", name: "app/web:80" }, weight: 1, filters: c.filters }],
      }));
  }

  it("leaves the bytes of a target alone that nothing rewrites", async () => {
    await using routed = await Routed.start({ rules: [prefixed("/")] });
    const target = "/a//b/../c/./%2e%2F?x=[1]&y=a|b";
    await routed.get(target);
    assert.equal(routed.seen()[0]?.target, target);
  });

  it("serves requests of one connection by different rules", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], "app/b:80": [saying("b")] },
      rules: [
        prefixed("/a", rewriting(prefix("/x"))),
        {
          ...prefixed("/b", rewriting(prefix("/y"))),
          backends: [{ target: { kind: "Backend", name: "app/b:80" }, weight: 1, filters: [] }],
        },
      ],
    });
    const client = routed.client();
    const texts = ["/a/1", "/b/2", "/a/3", "/c"].map((target) => requestText("GET", target));
    client.send(texts.join(""));
    const text = await client.until((received) => received.includes("404"));
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ["200", "200", "200", "404"],
    );
    assert.deepEqual(
      routed.seen().map(({ target }) => target),
      ["/x/1", "/x/3"],
    );
    assert.deepEqual(
      routed.seen("app/b:80").map(({ target }) => target),
      ["/y/2"],
    );
  });
});
