import assert from "node:assert/strict";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { bind } from "../src/binding/bind.ts";
import type { Frontend } from "../src/binding/frontend.ts";
import { type MeshObject, parseObject } from "../src/resources/parse-object.ts";
import { codeSpans, documentExamples } from "./support/document-examples.ts";
import { serviceManifests } from "./support/manifests.ts";
import {
  type Answer,
  type EndpointSpec,
  type Respond,
  Routed,
  type SeenRequest,
  valuesOf,
} from "./support/routed.ts";

/** What the pods of each Service do, as the page says. */
function endpointsOf(name: string): readonly EndpointSpec[] {
  switch (name) {
    case "empty":
      return [];
    case "half-down":
      return ["refuses", served(name)];
    case "flaky": {
      let count = 0;
      return [
        (seen, response) => {
          if (++count <= 2) response.statusCode = 503;
          served(name)(seen, response);
        },
      ];
    }
    case "slow":
      return [
        (seen, response) => {
          setTimeout(() => served(name)(seen, response), 2_000).unref();
        },
      ];
    default:
      return [served(name)];
  }
}

function served(name: string): Respond {
  return (_seen, response) => {
    response.setHeader("x-service", name);
    response.end();
  };
}

const SERVICES = ["reviews", "reviews-v1", "reviews-v2", "audit", "flaky", "slow", "half-down", "empty"];
const ADDRESS = "10.96.0.10";

function parsed(manifest: unknown): MeshObject {
  const result = parseObject(manifest);
  assert.equal(result.kind, "object", JSON.stringify(result));
  return (result as { readonly object: MeshObject }).object;
}

/** A proxy on the Service `reviews` with the objects of one block. */
async function startExample(yaml: string): Promise<Routed> {
  const backends = Object.fromEntries(SERVICES.map((name) => [name, endpointsOf(name)]));
  const routed = await Routed.start({ backends, frontend: { address: ADDRESS } });
  const written = parseAllDocuments(yaml).map((document) => parsed(document.toJS()));
  const services = SERVICES.flatMap((name, index) =>
    serviceManifests({
      name,
      addresses: [index === 0 ? ADDRESS : `10.96.1.${index}`],
      port: 80,
      endpoints: routed.listedPorts(name).map((port) => ({ address: "127.0.0.1", port })),
    }),
  );
  const binding = bind([...written, ...services.map(parsed)], { strictGrants: false });
  assert.deepEqual(binding.problems, []);
  for (const status of binding.statuses) {
    const accepted = status.parents.flatMap(({ conditions }) =>
      conditions.filter(({ type }) => type === "Accepted"),
    );
    assert.deepEqual(
      accepted.map((condition) => condition.status),
      ["True"],
      JSON.stringify(accepted),
    );
  }
  const frontends = new Map<string, { frontend: Frontend; version: string }>();
  for (const [name, { producer }] of binding.frontends)
    frontends.set(name, { frontend: producer, version: "example" });
  routed.harness.proxy.apply({ frontends, backends: binding.backends, locality: {} });
  return routed;
}

function requestOf(cell: string): string {
  const [first, ...others] = codeSpans(cell);
  const [method = "", target = ""] = first?.code.split(" ") ?? [];
  const headers = others.map(({ code }) => code);
  if (!headers.some((line) => /^host:/i.test(line))) headers.unshift("Host: reviews");
  if (method === "POST") headers.push("Content-Length: 0");
  return `${[`${method} ${target} HTTP/1.1`, ...headers].join("\r\n")}\r\n\r\n`;
}

/** `Name: value` has to be there as it stands, `no name` must not. */
function assertFields(
  message: { readonly headers: Answer["headers"] },
  spans: readonly { readonly word: string; readonly code: string }[],
): void {
  for (const { word, code } of spans) {
    if (word === "no") {
      assert.deepEqual(valuesOf(message, code), [], code);
    } else {
      const colon = code.indexOf(":");
      assert.deepEqual(valuesOf(message, code.slice(0, colon)), [code.slice(colon + 2)], code);
    }
  }
}

function assertAnswer(answer: Answer, cell: string): void {
  const [status, ...spans] = codeSpans(cell);
  assert.equal(String(answer.status), status?.code);
  const services = spans.filter(({ word }) => word === "from" || word === "or").map(({ code }) => code);
  const service = valuesOf(answer, "x-service")[0] ?? "";
  assert.ok(services.length === 0 || services.includes(service), `from ${service}`);
  assertFields(
    answer,
    spans.filter(({ word }) => word === "" || word === "no"),
  );
}

function assertSeen(seen: SeenRequest | undefined, cell: string): void {
  assert.ok(seen !== undefined);
  const spans = codeSpans(cell);
  const lines = spans.filter(({ code }) => /^[A-Z]+ \//.test(code));
  for (const { code } of lines) assert.equal(`${seen.method} ${seen.target}`, code);
  assertFields(
    seen,
    spans.filter((span) => !lines.includes(span)),
  );
}

describe("docs/routing.md", () => {
  const examples = documentExamples(join(import.meta.dirname, "../docs/routing.md"));
  for (const { heading, yaml, rows } of examples) {
    if (rows.length === 0) {
      it(`${heading}: the objects are valid`, () => {
        for (const document of parseAllDocuments(yaml)) parsed(document.toJS());
      });
    }
    for (const row of rows) {
      it(`${heading}: ${row["Request"]}`, async () => {
        await using routed = await startExample(yaml);
        const answer = await routed.send(requestOf(row["Request"] ?? ""));
        assertAnswer(answer, row["Answer"] ?? "");
        const service = valuesOf(answer, "x-service")[0] ?? "";
        const got = row["The backend gets"];
        if (got !== undefined) assertSeen(routed.seen(service)[0], got);
        for (const { code } of codeSpans(row["Copies go to"] ?? "")) {
          const [copy] = await routed.untilSeen(1, code);
          assertSeen(copy, got ?? "");
        }
      });
    }
  }

  it("shows something of every kind", () => {
    assert.ok(examples.length > 15);
    assert.ok(examples.flatMap(({ rows }) => rows).length > 50);
  });
});
