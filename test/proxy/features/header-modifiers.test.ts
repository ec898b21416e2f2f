import assert from "node:assert/strict";
import type { BoundFilter } from "../../../src/binding/frontend.ts";
import { type Respond, Routed, saying, valuesOf } from "../../support/routed.ts";

type Modifier = Partial<(BoundFilter & { kind: "RequestHeaderModifier" })["headers"]>;

function requestModifier(headers: Modifier): BoundFilter {
  return { kind: "RequestHeaderModifier", headers: { set: [], add: [], remove: [], ...headers } };
}

function responseModifier(headers: Modifier): BoundFilter {
  return { kind: "ResponseHeaderModifier", headers: { set: [], add: [], remove: [], ...headers } };
}

const TO_WEB = { target: { kind: "Backend", name: "app/web:80" }, weight: 1 } as const;

/** The cases of the conformance tests HTTPRouteRequestHeaderModifier and …ResponseHeaderModifier, and more. */
const CASES: readonly {
  readonly name: string;
  readonly modifiers: readonly Modifier[];
  readonly sent: readonly string[];
  /** Values of a header's lines after the change. */
  readonly expect: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    name: "set adds a header that is not there",
    modifiers: [{ set: [{ name: "X-Header-Set", value: "set-overwrites-values" }] }],
    sent: [],
    expect: { "x-header-set": ["set-overwrites-values"] },
  },
  {
    name: "set overwrites all lines",
    modifiers: [{ set: [{ name: "X-Header-Set", value: "set-overwrites-values" }] }],
    sent: ["x-header-set: one", "Some-Other-Header: val", "X-HEADER-SET: two"],
    expect: { "x-header-set": ["set-overwrites-values"], "some-other-header": ["val"] },
  },
  {
    name: "add makes a header",
    modifiers: [{ add: [{ name: "X-Header-Add", value: "add-appends-values" }] }],
    sent: [],
    expect: { "x-header-add": ["add-appends-values"] },
  },
  {
    name: "add appends with a comma and no space",
    modifiers: [{ add: [{ name: "X-Header-Add", value: "add-appends-values" }] }],
    sent: ["X-Header-Add: some-other-value"],
    expect: { "x-header-add": ["some-other-value,add-appends-values"] },
  },
  {
    name: "add appends to the last of several lines",
    modifiers: [{ add: [{ name: "x-a", value: "3" }] }],
    sent: ["X-A: 1", "X-A: 2"],
    expect: { "x-a": ["1", "2,3"] },
  },
  {
    name: "remove takes every line",
    modifiers: [{ remove: ["X-Header-Remove"] }],
    sent: ["x-header-remove: val", "X-Header-Remove: val2", "Other: kept"],
    expect: { "x-header-remove": [], other: ["kept"] },
  },
  {
    name: "several of each",
    modifiers: [
      {
        set: [
          { name: "X-Header-Set-1", value: "header-set-1" },
          { name: "X-Header-Set-2", value: "header-set-2" },
        ],
        add: [
          { name: "X-Header-Add-1", value: "header-add-1" },
          { name: "X-Header-Add-2", value: "header-add-2" },
          { name: "X-Header-Add-3", value: "header-add-3" },
        ],
        remove: ["X-Header-Remove-1", "X-Header-Remove-2"],
      },
    ],
    sent: [
      "X-Header-Set-2: set-val-2",
      "X-Header-Add-2: add-val-2",
      "X-Header-Remove-2: remove-val-2",
      "Another-Header: another-header-val",
    ],
    expect: {
      "x-header-set-1": ["header-set-1"],
      "x-header-set-2": ["header-set-2"],
      "x-header-add-1": ["header-add-1"],
      "x-header-add-2": ["add-val-2,header-add-2"],
      "x-header-add-3": ["header-add-3"],
      "x-header-remove-1": [],
      "x-header-remove-2": [],
      "another-header": ["another-header-val"],
    },
  },
  {
    name: "names in any case",
    modifiers: [
      {
        set: [{ name: "X-Header-Set", value: "header-set" }],
        add: [{ name: "X-Header-Add", value: "header-add" }],
        remove: ["X-Header-Remove"],
      },
    ],
    sent: ["x-header-set: original", "x-header-add: original", "x-header-remove: original"],
    expect: {
      "x-header-set": ["header-set"],
      "x-header-add": ["original,header-add"],
      "x-header-remove": [],
    },
  },
  {
    name: "filters in their order",
    modifiers: [
      { add: [{ name: "x-a", value: "2" }], set: [{ name: "x-b", value: "1" }] },
      { add: [{ name: "x-a", value: "3" }], remove: ["x-b"] },
    ],
    sent: ["x-a: 1", "x-b: 0"],
    expect: { "x-a": ["1,2,3"], "x-b": [] },
  },
  {
    name: "framing and connection fields are left alone",
    modifiers: [{ remove: ["Content-Length"], set: [{ name: "Transfer-Encoding", value: "gzip" }] }],
    sent: ["X-Kept: yes"],
    expect: { "transfer-encoding": [], "x-kept": ["yes"] },
  },
];

describe("RequestHeaderModifier on the wire", () => {
  for (const c of CASES) {
    it(c.name, async () => {
      await using routed = await Routed.start({ rules: [{ filters: c.modifiers.map(requestModifier) }] });
      assert.equal((await routed.get("/", ...c.sent)).status, 200);
      const [seen = { headers: [] }] = routed.seen();
      for (const [name, values] of Object.entries(c.expect)) assert.deepEqual(valuesOf(seen, name), values);
    });
  }

  it("on the chosen backendRef only, after the rule's", async () => {
    await using routed = await Routed.start({
      backends: { "app/a:80": [saying("a")], "app/b:80": [saying("b")] },
      rules: [
        {
          filters: [requestModifier({ add: [{ name: "x-step", value: "rule" }] })],
          backends: ["a", "b"].map((name) => ({
            target: { kind: "Backend", name: `app/${name}:80` },
            weight: 1,
            filters: [
              requestModifier({
                add: [{ name: "x-step", value: name }],
                set: [{ name: "backend", value: name }],
              }),
            ],
          })),
        },
      ],
    });
    const answers: string[] = [];
    for (let n = 0; n < 40; n++) answers.push((await routed.get("/")).body);
    assert.deepEqual([...new Set(answers)].sort(), ["a", "b"]);
    for (const name of ["a", "b"]) {
      for (const seen of routed.seen(`app/${name}:80`)) {
        assert.deepEqual(valuesOf(seen, "backend"), [name]);
        assert.deepEqual(valuesOf(seen, "x-step"), [`rule,${name}`]);
      }
    }
  });

  it("a set of Host rewrites the host", async () => {
    await using routed = await Routed.start({
      rules: [{ filters: [requestModifier({ set: [{ name: "Host", value: "other.example:81" }] })] }],
    });
    await routed.get("/");
    assert.deepEqual(
      routed.seen().map((seen) => valuesOf(seen, "host")),
      [["other.example:81"]],
    );
  });
});

function answeringWith(lines: readonly string[]): Respond {
  return (_seen, response) => {
    const raw = lines.flatMap((line) => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 2),
    ]);
    response.writeHead(200, ["Content-Length", "2", ...raw]).end("ok");
  };
}

describe("ResponseHeaderModifier on the wire", () => {
  for (const c of CASES) {
    it(c.name, async () => {
      await using routed = await Routed.start({
        backends: { "app/web:80": [answeringWith(c.sent)] },
        rules: [{ filters: c.modifiers.map(responseModifier) }],
      });
      const answer = await routed.get("/");
      assert.equal(answer.body, "ok");
      for (const [name, values] of Object.entries(c.expect)) assert.deepEqual(valuesOf(answer, name), values);
    });
  }

  it("gives every Set-Cookie a line of its own", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [answeringWith(["Set-Cookie: a=1; Path=/"])] },
      rules: [{ filters: [responseModifier({ add: [{ name: "set-cookie", value: "b=2" }] })] }],
    });
    assert.deepEqual(valuesOf(await routed.get("/"), "set-cookie"), ["a=1; Path=/", "b=2"]);
  });

  it("applies a backendRef's after the rule's", async () => {
    await using routed = await Routed.start({
      rules: [
        {
          filters: [responseModifier({ set: [{ name: "x-a", value: "rule" }] })],
          backends: [
            { ...TO_WEB, filters: [responseModifier({ add: [{ name: "x-a", value: "backend" }] })] },
          ],
        },
      ],
    });
    assert.deepEqual(valuesOf(await routed.get("/"), "x-a"), ["rule,backend"]);
  });
});

describe("response header changes on answers of the proxy's own", () => {
  const filters = [
    responseModifier({
      set: [
        { name: "X-Set", value: "yes" },
        { name: "content-type", value: "text/html" },
      ],
      add: [
        { name: "Location", value: "more" },
        { name: "Set-Cookie", value: "a=1" },
        { name: "Set-Cookie", value: "b=2" },
      ],
      remove: ["Proxy-Status"],
    }),
  ];

  it("apply to a redirect", async () => {
    await using routed = await Routed.start({
      rules: [
        {
          filters: [
            ...filters,
            { kind: "RequestRedirect", redirect: { hostname: "example.com", statusCode: 301 } },
          ],
          backends: [],
        },
      ],
    });
    const answer = await routed.get("/a");
    assert.equal(answer.status, 301);
    assert.deepEqual(valuesOf(answer, "x-set"), ["yes"]);
    assert.deepEqual(valuesOf(answer, "location"), ["http://example.com/a,more"]);
    assert.deepEqual(valuesOf(answer, "set-cookie"), ["a=1", "b=2"]);
  });

  const failing = [
    {
      name: "an invalid backend",
      target: { kind: "Invalid", reason: "BackendNotFound", message: "no" },
      status: 500,
    },
    { name: "no endpoint", target: { kind: "Backend", name: "app/none:80" }, status: 503 },
    { name: "a connection refused", target: { kind: "Backend", name: "app/refuses:80" }, status: 503 },
  ] as const;
  for (const c of failing) {
    it(`apply to the failure for ${c.name}`, async () => {
      await using routed = await Routed.start({
        backends: { "app/none:80": [], "app/refuses:80": ["refuses"] },
        rules: [{ filters, backends: [{ target: c.target, weight: 1, filters: [] }] }],
      });
      const answer = await routed.get("/");
      assert.equal(answer.status, c.status);
      assert.deepEqual(valuesOf(answer, "x-set"), ["yes"]);
      assert.deepEqual(valuesOf(answer, "content-type"), ["text/html"]);
      assert.deepEqual(valuesOf(answer, "proxy-status"), []);
      assert.deepEqual(valuesOf(answer, "set-cookie"), ["a=1", "b=2"]);
    });
  }
});
