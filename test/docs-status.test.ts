import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RouteCondition } from "../src/binding/route-status.ts";
import { EVENT_REASONS } from "../src/controller/events/event-reasons.ts";
import { MESH_FEATURES } from "../src/controller/status/mesh-features.ts";
import { STATUS_LIMITS } from "../src/controller/status/status-writer.ts";
import { tableRows } from "./support/document-examples.ts";

const docs = join(import.meta.dirname, "../docs");
const text = readFileSync(join(docs, "status.md"), "utf8");

/** The type checker sees to it that every reason is here. */
const REASONS: Readonly<
  Record<RouteCondition["reason"], readonly `${RouteCondition["type"]} ${RouteCondition["status"]}`[]>
> = {
  Accepted: ["Accepted True"],
  NoMatchingParent: ["Accepted False"],
  UnsupportedValue: ["Accepted False", "PartiallyInvalid True"],
  IncompatibleFilters: ["Accepted False", "PartiallyInvalid True"],
  ResolvedRefs: ["ResolvedRefs True"],
  BackendNotFound: ["ResolvedRefs False"],
  InvalidKind: ["ResolvedRefs False"],
  RefNotPermitted: ["ResolvedRefs False"],
  UnsupportedProtocol: ["ResolvedRefs False"],
};

/** The rows of the tables whose first column has this name, under a heading. */
function rowsOf(heading: string, column: string): readonly Readonly<Record<string, string>>[] {
  const section = text.slice(text.indexOf(`\n## ${heading}\n`));
  const lines = section.slice(section.indexOf(`\n| ${column} |`) + 1).split("\n");
  return tableRows(
    lines.slice(
      0,
      lines.findIndex((line) => !line.startsWith("|")),
    ),
  );
}

function bare(cell: string | undefined): string {
  return (cell ?? "").replaceAll("`", "");
}

/** The part of a link that leads to a heading, as it is made of the heading's words. */
function anchorsOf(page: string): readonly string[] {
  const lines = readFileSync(join(docs, page), "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("#"))
    .map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
}

describe("docs/status.md", () => {
  it("has every condition with every reason, and what to do", () => {
    const rows = rowsOf("Conditions of an HTTPRoute", "condition");
    const written = rows.map((row) => [row["condition"], row["status"], row["reason"]].map(bare).join(" "));
    const expected = Object.entries(REASONS).flatMap(([reason, where]) =>
      where.map((each) => `${each} ${reason}`),
    );
    assert.deepEqual(written.toSorted(), expected.toSorted());
    for (const row of rows)
      assert.ok((row["what it means"] ?? "") !== "" && (row["what to do"] ?? "") !== "");
  });

  it("has every Event", () => {
    const rows = rowsOf("Events", "reason");
    assert.deepEqual(
      rows.map((row) => [bare(row["reason"]), row["type"], row["object"]]),
      Object.entries(EVENT_REASONS).map(([reason, { type, on }]) => [reason, type, on]),
    );
    for (const row of rows)
      assert.ok((row["what it means"] ?? "") !== "" && (row["what to do"] ?? "") !== "");
  });

  it("has every feature", () => {
    const rows = rowsOf("XMesh", "feature");
    assert.deepEqual(
      rows.map((row) => bare(row["feature"])),
      MESH_FEATURES,
    );
  });

  it("leads to headings that there are", () => {
    const links = [...text.matchAll(/\]\((\w+\.md)?#([^)]+)\)/g)];
    assert.ok(links.length > MESH_FEATURES.length);
    for (const [link, page = "status.md", anchor = ""] of links)
      assert.ok(anchorsOf(page).includes(anchor), link);
  });

  it("has the limits of the program", () => {
    const { settleMs, perSecond, repairMs } = STATUS_LIMITS;
    assert.deepEqual([settleMs, perSecond, repairMs], [100, 100, [1_000, 300_000]]);
  });
});
