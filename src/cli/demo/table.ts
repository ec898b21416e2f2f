import type { Observation, Share } from "./observation.ts";
import { type Colour, cut, fit, type Paint } from "./paint.ts";
import { curlCommand } from "./shop.ts";
import type { View, ViewedExample } from "./view.ts";

const MIN_COLUMNS = 60;
const MAX_COLUMNS = 120;

const FILE_COLUMNS = 14;
const RULE_COLUMNS = 17;
const BACKEND_COLUMNS = 12;
const STATUS_COLUMNS = 6;
const SHARE_COLUMNS = 6;
const TIME_COLUMNS = 9;
const BAR_COLUMNS_LESS =
  2 + RULE_COLUMNS + BACKEND_COLUMNS + STATUS_COLUMNS + SHARE_COLUMNS + TIME_COLUMNS + 3;

/** So soon after the start nothing is wrong where there are no answers yet. */
const FIRST_ANSWERS_MS = 1_000;

export interface TableOptions {
  readonly columns: number;
  readonly paint: Paint;
}

/** The table of who answers what: a command to try for each example, and below it a line for each kind of answer. */
export function renderTable(view: View, { columns, paint }: TableOptions): readonly string[] {
  const width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS);
  return view.examples.flatMap((example, index) => {
    const isSameFile = view.examples[index - 1]?.request.file === example.request.file;
    return [
      commandLine(example, isSameFile ? "" : example.request.file, { view, width, paint }),
      ...(example.observation === undefined
        ? [view.elapsedMs < FIRST_ANSWERS_MS ? paint("  …", "dim") : paint("  no answer", "red")]
        : answerLines(example.observation, width, paint)),
    ];
  });
}

interface Context {
  readonly view: View;
  readonly width: number;
  readonly paint: Paint;
}

function commandLine(example: ViewedExample, file: string, { view, width, paint }: Context): string {
  const command = cut(curlCommand(example.request, view.portBase), width - FILE_COLUMNS);
  const note = noteOf(example);
  const room = width - FILE_COLUMNS - command.length;
  const shownNote = note.length < room ? note.padStart(room) : "";
  return (
    paint(fit(file, FILE_COLUMNS), "bold") +
    paint(command, "cyan") +
    paint(shownNote.trimEnd(), "dim")
  ).trimEnd();
}

/** What can't be seen from who answered. */
function noteOf({ observation, location, rewrittenPath }: ViewedExample): string {
  const notes: string[] = [];
  const tries = observation?.triesPerRequest ?? 0;
  const failures = observation?.shares.flatMap(({ failure }) => failure ?? []) ?? [];
  const isRedirected = observation?.shares.some(({ status }) => status >= 300 && status < 400) === true;
  if (isRedirected && location !== undefined) notes.push(`Location: ${location}`);
  if (rewrittenPath !== undefined) notes.push(`the pod sees ${rewrittenPath}`);
  if (tries > 1) notes.push(`${tries.toFixed(2)} tries a request`);
  if (failures.length > 0) notes.push([...new Set(failures)].join(", "));
  return notes.join("; ");
}

function answerLines(observation: Observation, width: number, paint: Paint): readonly string[] {
  const { shares, copies, rule = "no rule" } = observation;
  const answers = shares.map((share, index) => ({
    backend: share.backend ?? "the sidecar",
    status: String(share.status),
    share: share.share,
    time: `${formatMs(share.medianMs)} ms`,
    colour: colourOf(share, index),
  }));
  const copied = copies.map(({ backend, share }) => ({
    backend,
    status: "copy",
    share,
    time: "",
    colour: "dim" as const,
  }));
  return [...answers, ...copied].map(({ backend, status, share, time, colour }, index) => {
    const name = `  ${fit(index === 0 ? rule : "", RULE_COLUMNS)} ${fit(backend, BACKEND_COLUMNS)}`;
    const line = `${paint(bar(share, width - BAR_COLUMNS_LESS), colour)} ${percent(share)}`;
    return `${name} ${fit(status, STATUS_COLUMNS)}${line}${time.padStart(TIME_COLUMNS)}`.trimEnd();
  });
}

function colourOf({ backend, status }: Share, index: number): Colour {
  if (status >= 400) return "red";
  if (backend === undefined) return "yellow";
  return index === 0 ? "green" : "magenta";
}

/** To an eighth of a column. */
function bar(share: number, columns: number): string {
  const eighths = Math.round(share * columns * 8);
  const rest = eighths % 8;
  const end = rest === 0 ? "" : String.fromCodePoint(0x2590 - rest);
  return ("█".repeat((eighths - rest) / 8) + end).padEnd(columns);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`.padStart(SHARE_COLUMNS - 1);
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
