import assert from "node:assert/strict";
import { lineDisplay, liveDisplay, paintFor, printTable } from "../../../src/cli/demo/display.ts";
import type { Observation } from "../../../src/cli/demo/observation.ts";
import { coloured, plain } from "../../../src/cli/demo/paint.ts";
import { renderLine, renderScreen } from "../../../src/cli/demo/screen.ts";
import type { View, ViewedExample } from "../../../src/cli/demo/view.ts";

const share = { backend: "catalog-v1", status: 200, failure: undefined, share: 0.9, medianMs: 0.42 };
const canary: Observation = {
  rule: "canary/split",
  shares: [
    share,
    { ...share, backend: undefined, status: 504, failure: "timeout", share: 0.1, medianMs: 105.3 },
  ],
  copies: [{ backend: "catalog-v2", share: 0.5 }],
  triesPerRequest: 1.25,
};
const request = { file: "canary.yaml", service: "catalog", portOffset: 1, path: "/products" };
const example: ViewedExample = {
  request,
  observation: canary,
  location: undefined,
  rewrittenPath: undefined,
};
const view: View = {
  elapsedMs: 61_000,
  portBase: 18_000,
  folder: "examples/shop",
  examples: [example],
  problems: [],
  events: ["You: added x.yaml", "You: changed a.yaml", "You: changed b.yaml"],
};
const size = { columns: 80, rows: 24 };
const wrong = `a.yaml HTTPRoute default/a: ${"very ".repeat(20)}wrong`;

describe("renderScreen", () => {
  it("shows the command, who answered, and what the user can do", () => {
    assert.equal(
      renderScreen(view, size, plain).join("\n"),
      `
Eastbound demo: who answered in the last 2 s                                1:01

canary.yaml   curl 127.0.0.1:18001/products        1.25 tries a request; timeout
  canary/split      catalog-v1   200   ██████████████████████▌    90 %   0.4 ms
                    the sidecar  504   ██▌                        10 %   105 ms
                    catalog-v2   copy  ████████████▌              50 %

You: changed b.yaml
You: changed a.yaml
Edit examples/shop/*.yaml and watch, or try a command. Ctrl-C ends.
What is in force: curl 127.0.0.1:18000/config  (or /metrics)`.slice(1),
    );
  });

  it("names a file once, and the header that an example sends", () => {
    const beta: ViewedExample = {
      request: { ...request, path: "/beta", header: ["x-group", "beta"], isAboutHead: true },
      observation: undefined,
      location: undefined,
      rewrittenPath: undefined,
    };
    const lines = renderScreen({ ...view, examples: [example, beta] }, size, plain);
    assert.ok(lines.includes("              curl -i -H 'x-group: beta' 127.0.0.1:18001/beta"));
    assert.ok(lines.includes("  no answer"));
  });

  it("waits for the first answers", () => {
    const early = { ...view, elapsedMs: 10, examples: [{ ...example, observation: undefined }] };
    assert.ok(renderScreen(early, size, plain).includes("  …"));
  });

  const notes = [
    {
      name: "where a redirect points",
      example: {
        ...example,
        observation: {
          ...canary,
          shares: [{ ...share, backend: undefined, status: 301 }],
          triesPerRequest: 0,
        },
        location: "/orders/7",
      },
      shown: "Location: /orders/7",
    },
    {
      name: "what the pod sees",
      example: { ...example, observation: undefined, rewrittenPath: "/assets/logo.svg" },
      shown: "the pod sees /assets/logo.svg",
    },
  ];
  for (const { name, example: noted, shown } of notes) {
    it(`tells ${name}`, () => {
      const line = renderScreen({ ...view, examples: [noted] }, size, plain).find((l) => l.includes("curl"));
      assert.ok(line?.endsWith(shown), line ?? "no line");
    });
  }

  it("puts problems first, the latest event after them, and says where there are more", () => {
    const lines = renderScreen({ ...view, problems: [wrong, wrong] }, { columns: 80, rows: 10 }, plain);
    const from = lines.findIndex((line) => line.startsWith("✗"));
    assert.match(lines[from + 1] ?? "", /^ {2}very .*wrong$/);
    assert.deepEqual(lines.slice(from + 2, from + 4), [
      "  … 2 problems in all: see /config",
      "You: changed b.yaml",
    ]);
  });

  it("shows all problems where there is room for them", () => {
    const lines = renderScreen({ ...view, problems: [wrong, wrong] }, size, plain);
    assert.equal(lines.filter((line) => line.startsWith("✗")).length, 2);
    assert.ok(lines.at(-1)?.startsWith("What is in force"));
  });

  for (const columns of [20, 60, 80, 200]) {
    for (const rows of [4, 5, 7, 10, 24]) {
      it(`fits into ${columns} columns and ${rows} rows`, () => {
        const crowded = { ...view, problems: [wrong], examples: [example, example, example] };
        const lines = renderScreen(crowded, { columns, rows }, plain);
        assert.ok(lines.length <= Math.max(rows, 5), `${lines.length} lines`);
        for (const line of lines) assert.ok(line.length <= Math.max(columns, 60), line);
      });
    }
  }
});

describe("renderLine", () => {
  it("says the same in one line", () => {
    assert.equal(
      renderLine({ ...view, problems: ["a.yaml: wrong"] }),
      "1:01 | catalog/products: catalog-v1 200 90 %, sidecar 504 10 % | problem: a.yaml: wrong",
    );
  });

  it("says where nothing was answered", () => {
    const silent = { ...view, examples: [{ ...example, observation: undefined }] };
    assert.equal(renderLine(silent), "1:01 | catalog/products: no answer");
  });
});

class FakeOutput {
  text = "";
  readonly isTTY: boolean;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

describe("paintFor", () => {
  const cases = [
    { isTTY: true, noColor: undefined, paint: coloured },
    { isTTY: true, noColor: "", paint: coloured },
    { isTTY: true, noColor: "1", paint: plain },
    { isTTY: false, noColor: undefined, paint: plain },
  ];
  for (const { isTTY, noColor, paint } of cases) {
    it(`${paint === plain ? "uses no" : "uses"} colours with NO_COLOR=${noColor} ${isTTY ? "on" : "off"} a terminal`, () => {
      assert.equal(paintFor(new FakeOutput(isTTY), noColor), paint);
    });
  }
});

describe("liveDisplay", () => {
  it("leaves the terminal as it was, with the last table below", () => {
    const output = new FakeOutput(true);
    const display = liveDisplay(output, coloured);
    display.show(view);
    display[Symbol.dispose]();
    display[Symbol.dispose]();
    assert.ok(output.text.startsWith("\x1b[?1049h\x1b[?25l"));
    assert.equal(output.text.split("\x1b[?25h\x1b[?1049l").length, 2);
    assert.match(output.text.split("\x1b[?1049l").at(-1) ?? "", /canary\.yaml[^]*catalog-v1/);
  });
});

describe("lineDisplay", () => {
  it("prints a line a second", () => {
    const output = new FakeOutput(false);
    using display = lineDisplay(output);
    for (const elapsedMs of [0, 900, 1_000, 1_200, 2_100]) display.show({ ...view, elapsedMs });
    assert.deepEqual(output.text.match(/^\d+:\d+/gm), ["0:01", "0:02"]);
  });
});

describe("printTable", () => {
  it("adds the problems", () => {
    const output = new FakeOutput(false);
    printTable(output, { ...view, problems: ["a.yaml: wrong"] }, plain);
    assert.ok(output.text.endsWith("\na.yaml: wrong\n"));
  });
});
