import type { ExpositionFormat } from "./exposition.ts";

interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

/** The names by which a format may be asked for, the most specific first; its version has to fit where one is given. */
const formats: Readonly<
  Record<ExpositionFormat, { readonly version: string; readonly types: readonly string[] }>
> = {
  prometheus: { version: "0.0.4", types: ["text/plain", "text/*", "*/*"] },
  openmetrics: { version: "1.0.0", types: ["application/openmetrics-text", "application/*", "*/*"] },
};

/**
 * The format that an Accept header asks for: the one of higher quality, at equal quality the one that is named more
 * specifically, else Prometheus' own. That one also goes to who accepts neither: a scrape that fails helps nobody.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const ranges = parseAccept(accept ?? "*/*");
  const own = rate(ranges, "prometheus");
  const open = rate(ranges, "openmetrics");
  if (open.quality !== own.quality) return open.quality > own.quality ? "openmetrics" : "prometheus";
  return open.quality > 0 && open.rank < own.rank ? "openmetrics" : "prometheus";
}

function rate(ranges: readonly MediaRange[], format: ExpositionFormat): { quality: number; rank: number } {
  const { version, types } = formats[format];
  const fits = (range: MediaRange) => range.version === undefined || range.version === version;
  for (const [rank, type] of types.entries()) {
    const fitting = ranges.filter((range) => range.type === type && fits(range));
    // A range that names the version counts before one that doesn't.
    const range = fitting.find((each) => each.version !== undefined) ?? fitting[0];
    if (range !== undefined) return { quality: range.quality, rank };
  }
  return { quality: 0, rank: types.length };
}

function parseAccept(accept: string): MediaRange[] {
  return splitOutsideQuotes(accept, ",").map((range) => {
    const [type = "", ...parameters] = splitOutsideQuotes(range, ";").map((part) => part.trim());
    const values = new Map(parameters.map(parseParameter));
    return {
      type: type.toLowerCase(),
      version: values.get("version"),
      quality: parseQuality(values.get("q")),
    };
  });
}

function splitOutsideQuotes(text: string, separator: "," | ";"): readonly string[] {
  const pattern = separator === "," ? /(?:"(?:\\.|[^"\\])*"|[^,"]|")+/g : /(?:"(?:\\.|[^"\\])*"|[^;"]|")+/g;
  return text.match(pattern) ?? [];
}

function parseParameter(parameter: string): [string, string] {
  const equals = parameter.indexOf("=");
  if (equals < 0) return [parameter.toLowerCase(), ""];
  const value = parameter.slice(equals + 1).trim();
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return [
    parameter.slice(0, equals).trim().toLowerCase(),
    isQuoted ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value,
  ];
}

/** 1 where there is none; 0 where it is none, so that what can't be understood is not taken for a wish. */
function parseQuality(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
