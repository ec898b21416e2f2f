import assert from "node:assert/strict";
import type { HttpRouteMatch } from "../../../src/resources/http-route.ts";
import { matchOf, matchProblems, ruleOf } from "./route-input.ts";

describe("a match", () => {
  const good: readonly { name: string; match: object; expect: Partial<HttpRouteMatch> }[] = [
    {
      name: "Exact",
      match: { path: { type: "Exact", value: "/a" } },
      expect: { path: { kind: "Exact", value: "/a" } },
    },
    {
      name: "PathPrefix by default",
      match: { path: { value: "/a/" } },
      expect: { path: { kind: "PathPrefix", value: "/a/" } },
    },
    {
      name: "a path of / by default",
      match: { path: { type: "Exact" } },
      expect: { path: { kind: "Exact", value: "/" } },
    },
    {
      name: "every character of a literal path",
      match: { path: { value: "/-AZaz09._~!$&'()*+,;=:@%20%fF" } },
      expect: { path: { kind: "PathPrefix", value: "/-AZaz09._~!$&'()*+,;=:@%20%fF" } },
    },
    {
      name: "dots that are not segments",
      match: { path: { value: "/.well-known/..a/b..c/..." } },
      expect: { path: { kind: "PathPrefix", value: "/.well-known/..a/b..c/..." } },
    },
    {
      name: "any regular expression, even one that does not compile",
      match: { path: { type: "RegularExpression", value: "//(#" } },
      expect: { path: { kind: "RegularExpression", value: "//(#" } },
    },
    {
      name: "a regular expression that is missing",
      match: { path: { type: "RegularExpression" } },
      expect: { path: { kind: "RegularExpression", value: "/" } },
    },
    {
      name: "headers without case, the first of each name",
      match: {
        headers: [
          { name: "X-Version", value: "v2" },
          { name: "x-version", value: "v3" },
          { type: "RegularExpression", name: "User-Agent", value: ".*Firefox.*" },
        ],
      },
      expect: {
        headers: [
          { kind: "Exact", name: "x-version", value: "v2" },
          { kind: "RegularExpression", name: "user-agent", value: ".*Firefox.*" },
        ],
      },
    },
    {
      name: "parameters with case, the first of each name",
      match: {
        queryParams: [
          { name: "Page", value: "1" },
          { name: "page", value: "2", type: "Exact" },
          { name: "Page", value: "3" },
        ],
      },
      expect: {
        queryParams: [
          { kind: "Exact", name: "Page", value: "1" },
          { kind: "Exact", name: "page", value: "2" },
        ],
      },
    },
    { name: "a method", match: { method: "PATCH" }, expect: { method: "PATCH" } },
    {
      name: "a method that the API may learn",
      match: { method: "VERSION-CONTROL" },
      expect: { method: "VERSION-CONTROL" },
    },
  ];
  for (const { name, match, expect } of good) {
    it(`takes ${name}`, () => assert.partialDeepStrictEqual(matchOf(match), expect));
  }

  it("has no method where it names none", () => assert.equal("method" in matchOf({}), false));

  it("places values that are not supported", () => {
    const matches = [
      {},
      {
        path: { type: "Glob", value: 5 },
        headers: [
          { type: "Prefix", name: "A", value: "x" },
          { name: "a", value: "y" },
        ],
        queryParams: [{ type: "Present", name: "q" }],
      },
    ];
    assert.deepEqual(ruleOf({ matches }).matches[1], {
      path: { kind: "Unsupported", field: "matches[1].path.type", value: "Glob" },
      headers: [{ kind: "Unsupported", field: "matches[1].headers[0].type", value: "Prefix" }],
      queryParams: [{ kind: "Unsupported", field: "matches[1].queryParams[0].type", value: "Present" }],
    });
  });

  const badPaths: readonly (readonly [unknown, string])[] = [
    ["a", "must begin with /"],
    ["", "must begin with /"],
    ["/a//b", "must not contain //"],
    ["/a/./b", "must not contain /./"],
    ["/a/../b", "must not contain /../"],
    ["/a%2fb", "must not contain %2f"],
    ["/a%2Fb", "must not contain %2F"],
    ["/a#b", "must not contain #"],
    ["/a/.", "must not end with /."],
    ["/a/..", "must not end with /.."],
    ["/a b", "must have only characters of a URL path, others as %HH"],
    ["/a?b", "must have only characters of a URL path, others as %HH"],
    ["/a%2", "must have only characters of a URL path, others as %HH"],
    ["/caf\u00e9", "must have only characters of a URL path, others as %HH"],
    ["/\n", "must have only characters of a URL path, others as %HH"],
    [`/${"a".repeat(1024)}`, "must have at most 1024 characters, not 1025"],
    [5, "must be a string, not a number"],
  ];
  for (const [value, message] of badPaths) {
    it(`refuses the path ${JSON.stringify(value).slice(0, 20)}`, () => {
      for (const type of ["Exact", "PathPrefix"]) {
        assert.deepEqual(matchProblems({ path: { type, value } }), [`path.value: ${message}`]);
      }
    });
  }

  const bad: readonly { name: string; match: unknown; problems: readonly string[] }[] = [
    {
      name: "parts of wrong types",
      match: { path: "/", headers: {}, queryParams: "a=b", method: 1 },
      problems: [
        "path: must be an object, not a string",
        "headers: must be a list, not an object",
        "queryParams: must be a list, not a string",
        "method: must be a string, not a number",
      ],
    },
    {
      name: "types that are no text",
      match: { path: { type: 1 }, headers: [{ type: [], name: "a", value: "b" }] },
      problems: [
        "path.type: must be a string, not a number",
        "headers[0].type: must be a string, not a list",
      ],
    },
    {
      name: "a long expression",
      match: { path: { type: "RegularExpression", value: "a".repeat(1025) } },
      problems: ["path.value: must have at most 1024 characters, not 1025"],
    },
    {
      name: "names and values that are none",
      match: {
        headers: [{ name: "a b", value: "" }, { value: "x" }, { name: "a", value: "x".repeat(4097) }],
        queryParams: [
          { name: "" },
          { name: "a", value: "x".repeat(1025) },
          { name: "n".repeat(257), value: 1 },
        ],
      },
      problems: [
        'headers[0].name: must be a header or parameter name (letters, digits and !#$%&\'*+-.^_`|~), not "a b"',
        "headers[0].value: must not be empty",
        "headers[1].name: is required",
        "headers[2].value: must have at most 4096 characters, not 4097",
        "queryParams[0].name: must not be empty",
        "queryParams[0].value: is required",
        "queryParams[1].value: must have at most 1024 characters, not 1025",
        "queryParams[2].name: must have at most 256 characters, not 257",
        "queryParams[2].value: must be a string, not a number",
      ],
    },
    {
      name: "a method in lower case",
      match: { method: "get" },
      problems: ['method: must be a method in upper case, not "get"'],
    },
    {
      name: "too many headers and parameters",
      match: {
        headers: Array.from({ length: 17 }, (_, index) => ({ name: `h${index}`, value: "x" })),
        queryParams: Array.from({ length: 17 }, (_, index) => ({ name: `q${index}`, value: "x" })),
      },
      problems: [
        "headers: must have at most 16 items, not 17",
        "queryParams: must have at most 16 items, not 17",
      ],
    },
  ];
  for (const { name, match, problems } of bad) {
    it(`refuses ${name}`, () => assert.deepEqual(matchProblems(match), problems));
  }
});
