import assert from "node:assert/strict";
import { textStyle } from "../../../src/cli/explain/text-style.ts";
import { meshStatus, type ReplicaAnswer } from "../../../src/cli/status/mesh-status.ts";
import { plainStatus, renderStatus, showAge } from "../../../src/cli/status/render-status.ts";
import { inSync, refused, sidecar } from "./reports.ts";

const { node: _, ...nowhere } = sidecar({ namespace: "a", pod: "b", connectedForMs: 900, types: [] });
const answers: readonly ReplicaAnswer[] = [
  {
    kind: "answered",
    source: "127.0.0.1:1",
    report: {
      controller: "controller-1",
      sidecars: [
        sidecar(),
        sidecar({ pod: "pay-1", types: [...inSync.slice(0, 2), refused] }),
        nowhere,
        sidecar({ pod: "web-1", types: [{ type: "Backend", state: "behind", resources: 2 }] }),
      ],
    },
  },
  { kind: "failed", source: "controller-2", message: "no answer" },
];

describe("renderStatus", () => {
  it("is a table, with what is wrong below its row", () => {
    assert.equal(
      renderStatus(meshStatus(answers), textStyle(false)),
      [
        "SIDECAR      NODE    FRONTENDS            BACKENDS   CONNECTED  CONTROLLER",
        "a/b          -       0                    0          0s         controller-1",
        "shop/cart-1  node-1  3                    5          3h12m      controller-1",
        "shop/pay-1   node-1  3, refused for 1m1s  5          3h12m      controller-1",
        "  Frontend 10.0.0.1:80, 10.0.0.2:80 refused 1m ago: rules[0]: too long",
        "shop/web-1   node-1  0                    2, behind  3h12m      controller-1",
        "controller-2: no answer",
        "4 sidecars, 1 out of sync, 1 of 2 controllers answered",
        "",
      ].join("\n"),
    );
  });

  it("sets off what is wrong, where there are colours", () => {
    const lines = renderStatus(meshStatus(answers), textStyle(true)).split("\n");
    const red = lines.filter((line) => line.startsWith("\x1b[31m"));
    assert.deepEqual(
      red.map((line) => line.slice(5, 15)),
      ["shop/pay-1", "controller"],
    );
  });

  it("prints nothing that a terminal would obey", () => {
    const lastRefusal = { reason: "a\x1b[2J\nb\u009b", ageMs: 0, names: [] };
    const report = { controller: "c", sidecars: [sidecar({ types: [{ ...refused, lastRefusal }] })] };
    const status = meshStatus([{ kind: "answered", source: "", report }]);
    assert.ok(renderStatus(status, textStyle(false)).includes("refused 0s ago: a?[2J?b?\n"));
  });

  it("has no table without sidecars", () => {
    const report = { controller: "controller-1", sidecars: [] };
    const status = meshStatus([{ kind: "answered", source: "", report }]);
    assert.equal(
      renderStatus(status, textStyle(false)),
      "0 sidecars, all in sync, 1 of 1 controller answered\n",
    );
  });
});

describe("plainStatus", () => {
  it("is a line for each replica and each sidecar", () => {
    assert.deepEqual(plainStatus(meshStatus(answers)).split("\n"), [
      "controller controller-1 sidecars=4",
      'controller controller-2 problem="no answer"',
      "sidecar a/b in-sync=true node= connected-seconds=0 controller=controller-1",
      "sidecar shop/cart-1 in-sync=true self=1:in-sync backend=5:in-sync frontend=3:in-sync node=node-1 connected-seconds=11520 controller=controller-1",
      'sidecar shop/pay-1 in-sync=false self=1:in-sync backend=5:in-sync frontend=3:refused node=node-1 connected-seconds=11520 controller=controller-1 refusal="Frontend 10.0.0.1:80, 10.0.0.2:80 refused 1m ago: rules[0]: too long"',
      "sidecar shop/web-1 in-sync=true backend=2:behind node=node-1 connected-seconds=11520 controller=controller-1",
      "",
    ]);
  });
});

describe("showAge", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0s"],
    [999, "0s"],
    [7_000, "7s"],
    [60_000, "1m"],
    [3_725_000, "1h2m"],
    [3_605_000, "1h"],
    [86_400_000 * 40 + 7_200_000, "40d2h"],
  ];
  for (const [ms, shown] of cases) it(`shows ${ms} ms as ${shown}`, () => assert.equal(showAge(ms), shown));
});
