import assert from "node:assert/strict";
import { AffinityTable } from "../../src/balancing/affinity-table.ts";
import { BalancedEndpoint } from "../../src/balancing/balanced-endpoint.ts";
import { anEndpoint } from "../support/backends.ts";

describe("AffinityTable", () => {
  const endpoint = new BalancedEndpoint(anEndpoint(1));

  it("knows a client until the timeout after its last visit", () => {
    const table = new AffinityTable(1_000);
    assert.equal(table.find("a", 0), undefined);
    table.remember("a", endpoint, 0);
    assert.equal(table.find("a", 999), endpoint);
    assert.equal(table.find("a", 1_998), endpoint);
    assert.equal(table.find("a", 2_998), undefined);
  });

  it("forgets the oldest when it is full", () => {
    const table = new AffinityTable(1_000, 3);
    for (const client of ["a", "b", "c", "a", "d"]) table.remember(client, endpoint, 0);
    assert.equal(table.size, 3);
    assert.equal(table.find("a", 0), undefined);
    assert.equal(table.find("b", 0), endpoint);
    assert.equal(table.find("d", 0), endpoint);
  });

  it("holds 10,000 clients by default", () => {
    const table = new AffinityTable(1_000);
    for (let index = 0; index < 12_000; index++) table.remember(String(index), endpoint, 0);
    assert.equal(table.size, 10_000);
  });
});
