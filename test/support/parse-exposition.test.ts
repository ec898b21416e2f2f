import assert from "node:assert/strict";
import { parseExposition } from "./parse-exposition.ts";

const gauge = "# TYPE g gauge\n# HELP g h\n";
const histogram = "# TYPE t histogram\n# HELP t h\n";

describe("parseExposition, the oracle", () => {
  it("reads what is right", () => {
    const text = "# TYPE a counter\n# UNIT a_bytes bytes\n".replace("a counter", "a_bytes counter");
    const parsed = parseExposition(
      `${text}# HELP a_bytes h \\" i\na_bytes_total{l="x\\n\\\\\\""} 1.5e+3\n# EOF\n`,
      "openmetrics",
    );
    assert.deepEqual(parsed, [
      {
        name: "a_bytes",
        type: "counter",
        help: 'h " i',
        unit: "bytes",
        samples: [{ name: "a_bytes_total", labels: { l: 'x\n\\"' }, value: 1500 }],
      },
    ]);
  });

  const wrong = [
    { name: "no line break at the end", text: `${gauge}g 1` },
    { name: "carriage return", text: `${gauge}g 1\r\n` },
    { name: "no metadata", text: "g 1\n" },
    { name: "no type", text: "# HELP g h\ng 1\n" },
    { name: "unknown type", text: "# TYPE g gauges\n# HELP g h\ng 1\n" },
    { name: "metadata twice", text: `# HELP g h\n${gauge}g 1\n` },
    { name: "metadata after a sample", text: "# TYPE g gauge\n# HELP g h\ng 1\n# HELP g h\n" },
    { name: "another name", text: `${gauge}x 1\n` },
    { name: "interleaved families", text: `${gauge}g 1\n${histogram}${gauge}` },
    { name: "a sample twice", text: `${gauge}g{a="1"} 1\ng{a="1"} 2\n` },
    { name: "a label twice", text: `${gauge}g{a="1",a="2"} 1\n` },
    { name: "a comma at the end", text: `${gauge}g{a="1",} 1\n` },
    { name: "a wrong escape", text: `${gauge}g{a="\\t"} 1\n` },
    { name: "a bare quote", text: `${gauge}g{a="""} 1\n` },
    { name: "an empty line", text: `${gauge}\ng 1\n` },
    { name: "a wrong number", text: `${gauge}g 1,5\n` },
    { name: "a negative counter", text: "# TYPE c counter\n# HELP c h\nc -1\n" },
    { name: "a histogram without +Inf", text: `${histogram}t_bucket{le="1"} 1\nt_sum 1\nt_count 1\n` },
    {
      name: "a histogram whose count differs",
      text: `${histogram}t_bucket{le="+Inf"} 1\nt_sum 1\nt_count 2\n`,
    },
    { name: "a histogram without a sum", text: `${histogram}t_bucket{le="+Inf"} 1\nt_count 1\n` },
    {
      name: "buckets that fall",
      text: `${histogram}t_bucket{le="1"} 2\nt_bucket{le="+Inf"} 1\nt_sum 1\nt_count 1\n`,
    },
    {
      name: "buckets out of order",
      text: `${histogram}t_bucket{le="2"} 1\nt_bucket{le="1"} 1\nt_bucket{le="+Inf"} 1\nt_sum 1\nt_count 1\n`,
    },
  ];
  for (const c of wrong) {
    it(`refuses ${c.name}`, () => assert.throws(() => parseExposition(c.text, "prometheus")));
  }
  const wrongOpen = [
    { name: "no # EOF", text: `${gauge}g 1\n` },
    { name: "a counter without _total", text: "# TYPE c counter\n# HELP c h\nc 1\n# EOF\n" },
    { name: "a unit that is no suffix", text: "# TYPE g gauge\n# UNIT g bytes\n# HELP g h\n# EOF\n" },
    { name: "a bare quote in a help text", text: '# TYPE g gauge\n# HELP g a "b"\n# EOF\n' },
  ];
  for (const c of wrongOpen) {
    it(`refuses ${c.name} in OpenMetrics`, () => assert.throws(() => parseExposition(c.text, "openmetrics")));
  }
});
