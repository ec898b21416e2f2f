export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly samples: readonly ParsedSample[];
}

interface OpenFamily {
  name: string;
  type?: string;
  help?: string;
  unit?: string;
  samples: ParsedSample[];
}

const nameChars = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const numberChars = "[+-]?(?:Inf|\\d+(?:\\.\\d*)?(?:e[+-]?\\d+)?)|NaN";
const metadataLine = new RegExp(`^# (TYPE|HELP|UNIT) (${nameChars}) (.*)$`, "s");
const sampleLine = new RegExp(`^(${nameChars})(?:\\{(.*)\\})? (${numberChars})$`, "s");
const oneLabel = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/s;

const suffixes: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  prometheus: { counter: [""], gauge: [""], histogram: ["_bucket", "_sum", "_count"] },
  openmetrics: { counter: ["_total"], gauge: [""], histogram: ["_bucket", "_sum", "_count"] },
};

/**
 * Reads an exposition strictly by the formats' specifications, as far as we write them: complete metadata in front of a
 * family's samples, no interleaving, no sample twice, whole histograms. Throws at the first thing that is wrong.
 */
export function parseExposition(text: string, format: "prometheus" | "openmetrics"): readonly ParsedFamily[] {
  if (/\r(?:\n|$)/.test(text)) throw new Error("a carriage return at the end of a line");
  if (!text.endsWith("\n")) throw new Error("no line break at the end");
  const lines = text.slice(0, -1).split("\n");
  if (format === "openmetrics" && lines.pop() !== "# EOF") throw new Error("no # EOF at the end");
  const families: OpenFamily[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    if (line.startsWith("#")) addMetadata(families, line, format);
    else addSample(families, line, format, seen);
  }
  return families.map((family) => closeFamily(family));
}

function addMetadata(families: OpenFamily[], line: string, format: string): void {
  const [, keyword, name = "", rest = ""] = metadataLine.exec(line) ?? [];
  let family = families.at(-1);
  if (family?.name !== name) {
    if (families.some((each) => each.name === name)) throw new Error(`${name} is interleaved`);
    family = { name, samples: [] };
    families.push(family);
  }
  if (family.samples.length > 0) throw new Error(`metadata after samples: ${line}`);
  if (keyword === "TYPE" && family.type === undefined && rest in (suffixes[format] ?? {})) family.type = rest;
  else if (keyword === "HELP" && family.help === undefined)
    family.help = unescape(rest, format === "openmetrics");
  else if (keyword === "UNIT" && family.unit === undefined && format === "openmetrics") family.unit = rest;
  else throw new Error(`wrong metadata: ${line}`);
  if (family.unit !== undefined && !name.endsWith(`_${family.unit}`)) throw new Error(`wrong unit: ${line}`);
}

function addSample(families: OpenFamily[], line: string, format: string, seen: Set<string>): void {
  const match = sampleLine.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = "", labelText = "", number = ""] = match;
  const family = families.at(-1);
  if (family?.type === undefined || family.help === undefined) throw new Error(`no metadata before ${line}`);
  const allowed = suffixes[format]?.[family.type] ?? [];
  if (!allowed.some((suffix) => name === family.name + suffix))
    throw new Error(`not of ${family.name}: ${line}`);
  const labels = parseLabels(labelText);
  const names = Object.keys(labels).sort();
  const key = JSON.stringify([name, names.map((label) => [label, labels[label]])]);
  if (seen.has(key)) throw new Error(`twice: ${line}`);
  seen.add(key);
  family.samples.push({ name, labels, value: Number(number.replace("Inf", "Infinity")) });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const match = oneLabel.exec(rest);
    if (match === null) throw new Error(`wrong labels: ${rest}`);
    const [whole, name = "", value = ""] = match;
    if (name in labels) throw new Error(`label twice: ${name}`);
    labels[name] = unescape(value, true);
    rest = rest.slice(whole.length);
  }
  return labels;
}

function unescape(text: string, escapesQuotes: boolean): string {
  if (escapesQuotes && /(?<!\\)(?:\\\\)*"/.test(text)) throw new Error(`a bare quote: ${text}`);
  return text.replace(/\\(.?)/gs, (whole, character: string) => {
    if (character === "n") return "\n";
    if (character === "\\" || (character === '"' && escapesQuotes)) return character;
    throw new Error(`wrong escape ${whole}`);
  });
}

function closeFamily(family: OpenFamily): ParsedFamily {
  const { name, type, help, unit, samples } = family;
  if (type === undefined || help === undefined) throw new Error(`incomplete metadata of ${name}`);
  if (type === "counter") checkCounters(samples);
  if (type === "histogram") checkHistograms(name, samples);
  return { name, type, help, unit, samples };
}

function checkCounters(samples: readonly ParsedSample[]): void {
  for (const { value, name } of samples) {
    if (!(value >= 0)) throw new Error(`counter ${name} is ${value}`);
  }
}

function checkHistograms(name: string, samples: readonly ParsedSample[]): void {
  const bySet = new Map<string, ParsedSample[]>();
  let last = "";
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const group = bySet.get(key) ?? [];
    if (group.length > 0 && last !== key) throw new Error(`${name} is interleaved`);
    group.push(sample);
    bySet.set(key, group);
    last = key;
  }
  for (const group of bySet.values()) checkHistogram(name, group);
}

function checkHistogram(name: string, group: readonly ParsedSample[]): void {
  const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
  let bound = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const { labels, value } of buckets) {
    const next = Number((labels["le"] ?? "").replace("Inf", "Infinity"));
    if (!(next > bound)) throw new Error(`${name}: bucket ${labels["le"]} is out of order`);
    if (!(value >= count)) throw new Error(`${name}: bucket ${labels["le"]} is not cumulative`);
    bound = next;
    count = value;
  }
  if (bound !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no +Inf bucket`);
  const total = group.filter((sample) => sample.name === `${name}_count`).map((sample) => sample.value);
  const sums = group.filter((sample) => sample.name === `${name}_sum`);
  if (total.length !== 1 || total[0] !== count)
    throw new Error(`${name}: _count is ${total.join()}, +Inf is ${count}`);
  if (sums.length !== 1) throw new Error(`${name}: ${sums.length} sums`);
}
