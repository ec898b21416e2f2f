import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type ObjectIdentity, parseObject } from "../../src/resources/parse-object.ts";
import { lines } from "./parsing.ts";

const spec = { from: [{ group: "", kind: "A", namespace: "b" }], to: [{ group: "", kind: "Service" }] };

describe("parseObject", () => {
  const known: readonly { apiVersion: string; kind: string; rest?: object }[] = [
    { apiVersion: "v1", kind: "Service" },
    { apiVersion: "v1", kind: "Namespace" },
    { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", rest: { addressType: "IPv4" } },
    { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
    { apiVersion: "gateway.networking.k8s.io/v1beta1", kind: "HTTPRoute" },
    { apiVersion: "gateway.networking.k8s.io/v1", kind: "ReferenceGrant", rest: { spec } },
    { apiVersion: "gateway.networking.k8s.io/v1beta1", kind: "ReferenceGrant", rest: { spec } },
  ];
  for (const { apiVersion, kind, rest } of known) {
    it(`reads a ${kind} of ${apiVersion}`, () => {
      const parsed = parseObject({ apiVersion, kind, metadata: { name: "x" }, spec: {}, ...rest });
      assert.ok(parsed.kind === "object");
      assert.equal(parsed.object.kind, kind);
      assert.equal(parsed.object.meta.name, "x");
      assert.equal(parsed.object.meta.namespace, kind === "Namespace" ? "" : "default");
    });
  }

  const ignored: readonly { apiVersion: string; kind: string }[] = [
    { apiVersion: "apps/v1", kind: "Deployment" },
    { apiVersion: "v1", kind: "ConfigMap" },
    { apiVersion: "serving.knative.dev/v1", kind: "Service" },
    { apiVersion: "v1", kind: "HTTPRoute" },
    { apiVersion: "gateway.networking.k8s.io/v1", kind: "httproute" },
    { apiVersion: "constructor", kind: "constructor" },
  ];
  for (const { apiVersion, kind } of ignored) {
    it(`ignores a ${kind} of ${apiVersion}`, () => {
      assert.deepEqual(parseObject({ apiVersion, kind, metadata: 5 }), {
        kind: "ignored",
        apiVersion,
        objectKind: kind,
      });
    });
  }

  const invalid: readonly {
    name: string;
    input: unknown;
    problems: readonly string[];
    identity?: ObjectIdentity;
  }[] = [
    { name: "a text", input: "hello", problems: [": must be an object, not a string"] },
    { name: "nothing", input: null, problems: [": is required"] },
    { name: "a list", input: [], problems: [": must be an object, not a list"] },
    { name: "an object of no type", input: {}, problems: ["apiVersion: is required", "kind: is required"] },
    {
      name: "an object of strange types",
      input: { apiVersion: 1, kind: "" },
      problems: ["apiVersion: must be a string, not a number", "kind: must not be empty"],
    },
    {
      name: "a known kind in a version that is not served",
      input: {
        apiVersion: "gateway.networking.k8s.io/v1alpha2",
        kind: "HTTPRoute",
        metadata: { name: "r", namespace: "store" },
      },
      problems: [
        "apiVersion: must be gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1 for this kind, not " +
          '"gateway.networking.k8s.io/v1alpha2"',
      ],
      identity: { kind: "HTTPRoute", namespace: "store", name: "r" },
    },
    {
      name: "a Service of v2",
      input: { apiVersion: "v2", kind: "Service", metadata: { name: "s" } },
      problems: ['apiVersion: must be v1 for this kind, not "v2"'],
      identity: { kind: "Service", namespace: "default", name: "s" },
    },
    {
      name: "an object whose name is known",
      input: { apiVersion: "v1", kind: "Service", metadata: { name: "s", namespace: "n" }, spec: 1 },
      problems: ["spec: must be an object, not a number"],
      identity: { kind: "Service", namespace: "n", name: "s" },
    },
    {
      name: "an object of no namespace whose name is known",
      input: { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", namespace: 5, labels: 1 } },
      problems: ["metadata.labels: must be an object, not a number"],
      identity: { kind: "Namespace", namespace: "", name: "n" },
    },
    {
      name: "an object without a name",
      input: { apiVersion: "v1", kind: "Service", spec: {} },
      problems: ["metadata: is required"],
    },
    {
      name: "an object with a namespace that is none",
      input: { apiVersion: "v1", kind: "Service", metadata: { name: "s", namespace: "a/b" }, spec: {} },
      problems: ['metadata.namespace: must be a lower-case DNS label (a-z, 0-9, -), not "a/b"'],
    },
  ];
  for (const { name, input, problems, identity } of invalid) {
    it(`refuses ${name}`, () => {
      const parsed = parseObject(input);
      assert.ok(parsed.kind === "invalid");
      assert.deepEqual(lines(parsed.problems), problems);
      assert.deepEqual(parsed.identity, identity);
    });
  }

  it("takes anything without throwing, and leaves prototypes alone", () => {
    const kinds = fc.constantFrom(...known.map(({ apiVersion, kind }) => ({ apiVersion, kind })));
    fc.assert(
      fc.property(
        kinds,
        fc.object({ maxDepth: 4, withNullPrototype: true }),
        fc.jsonValue(),
        (type, extra, value) => {
          const input = { ...extra, spec: value, metadata: { name: "x", labels: extra }, ...type };
          assert.match(parseObject(input).kind, /^(?:object|invalid)$/);
          assert.match(parseObject(value).kind, /^(?:object|invalid|ignored)$/);
        },
      ),
    );
    assert.deepEqual(Object.keys(Object.prototype), []);
  });
});
