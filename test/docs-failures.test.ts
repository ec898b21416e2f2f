import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FAILURES } from "../src/proxy/failure.ts";
import { PROXY_LIMITS } from "../src/proxy/limits.ts";
import { tableRows } from "./support/document-examples.ts";

const text = readFileSync(join(import.meta.dirname, "../docs/failures.md"), "utf8");

describe("docs/failures.md", () => {
  it("has the table of the program", () => {
    const rows = tableRows(text.split("\n").filter((line) => line.startsWith("|")));
    const written = rows.map((row) => [
      row["kind"],
      row["status"],
      row["`error` of Proxy-Status"],
      row["connection"],
    ]);
    const expected = Object.entries(FAILURES).map(([kind, { status, proxyError, closes }]) => [
      `\`${kind}\``,
      String(status),
      `\`${proxyError}\``,
      closes ? "closes" : "goes on",
    ]);
    assert.deepEqual(written, expected);
    for (const row of rows) assert.ok((row["what happened"] ?? "").length > 10);
  });

  for (const page of ["failures", "routing"]) {
    it(`docs/${page}.md names limits and timeouts that there are`, () => {
      const known = new Set(Object.values(PROXY_LIMITS).map(({ key }) => key));
      // Those of a rule, which are no settings of the proxy.
      for (const field of ["request", "backendRequest"]) known.add(`timeouts.${field}`);
      const body = readFileSync(join(import.meta.dirname, `../docs/${page}.md`), "utf8");
      for (const [, key = ""] of body.matchAll(/`((?:limits|timeouts)\.\w+)`/g))
        assert.ok(known.has(key), key);
    });
  }
});
