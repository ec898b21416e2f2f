import assert from "node:assert/strict";
import { negotiateFormat } from "../../src/telemetry/negotiate-format.ts";

const prometheus3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
  "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3," +
  "text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
const prometheus3Text = "text/plain;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4";
const prometheus2 = "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

const cases = [
  { accept: undefined, expect: "prometheus" },
  { accept: "", expect: "prometheus" },
  { accept: "*/*", expect: "prometheus" },
  { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", expect: "prometheus" },
  { accept: prometheus3, expect: "openmetrics" },
  { accept: prometheus3Text, expect: "prometheus" },
  { accept: prometheus2, expect: "prometheus" },
  { accept: "application/openmetrics-text", expect: "openmetrics" },
  { accept: "Application/OpenMetrics-Text; Version=1.0.0", expect: "openmetrics" },
  { accept: 'application/openmetrics-text; version="1.0.0"', expect: "openmetrics" },
  { accept: 'application/openmetrics-text; version="1\\.0.0"', expect: "openmetrics" },
  { accept: "application/openmetrics-text; version=2.0.0", expect: "prometheus" },
  { accept: "application/openmetrics-text; version=2.0.0, */*;q=0.1", expect: "prometheus" },
  { accept: "application/openmetrics-text, text/plain", expect: "prometheus" },
  { accept: "application/openmetrics-text, */*", expect: "openmetrics" },
  { accept: "application/openmetrics-text;q=0.9, */*", expect: "prometheus" },
  { accept: "application/*, text/plain;q=0.5", expect: "openmetrics" },
  { accept: "application/*;q=0.5, text/*;q=0.5", expect: "prometheus" },
  { accept: "text/plain;q=0, */*;q=0.1", expect: "openmetrics" },
  { accept: "application/openmetrics-text;q=0, */*;q=0.1", expect: "prometheus" },
  { accept: "application/openmetrics-text;q=0", expect: "prometheus" },
  { accept: "application/openmetrics-text;q=2", expect: "prometheus" },
  { accept: "application/openmetrics-text;q=0.1234, text/plain;q=0.1", expect: "prometheus" },
  { accept: "application/openmetrics-text;q=1.000, text/plain;q=0.999", expect: "openmetrics" },
  { accept: "application/openmetrics-text ; q=0.5 , text/plain ; q=0.4", expect: "openmetrics" },
  {
    accept: "application/openmetrics-text;version=1.0.0;q=0.1,application/openmetrics-text,text/plain;q=0.5",
    expect: "prometheus",
  },
  { accept: 'text/plain;note="a, application/openmetrics-text";q=0.5', expect: "prometheus" },
  { accept: "application/json", expect: "prometheus" },
  { accept: ',;=,"', expect: "prometheus" },
];

describe("negotiateFormat", () => {
  for (const c of cases) {
    it(`gives ${c.expect} for ${c.accept}`, () => assert.equal(negotiateFormat(c.accept), c.expect));
  }
});
