import { wrapWords } from "../wrap-words.ts";
import { cut, type Paint } from "./paint.ts";
import { renderTable } from "./table.ts";
import type { View } from "./view.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A screenful: the table between a title and what is going on. Never more lines than the screen has. */
export function renderScreen(view: View, size: ScreenSize, paint: Paint): readonly string[] {
  const table = renderTable(view, { columns: size.columns, paint });
  const footerRoom = Math.max(MIN_FOOTER_LINES, size.rows - 1 - table.length);
  const footer = renderFooter(view, { columns: size.columns, rows: footerRoom }, paint);
  const room = Math.max(1, size.rows - 1 - footer.length);
  const spare = room - table.length;
  const shownTable =
    spare >= 0
      ? [...blank(spare > 1), ...table, ...blank(spare > 0)]
      : [...table.slice(0, room - 1), `… ${1 - spare} more lines in a higher window`];
  return [renderTitle(view, size.columns, paint), ...shownTable, ...footer];
}

const MIN_FOOTER_LINES = 3;

function blank(isWanted: boolean): readonly string[] {
  return isWanted ? [""] : [];
}

function renderTitle({ elapsedMs }: View, columns: number, paint: Paint): string {
  const title = "Eastbound demo: who answered in the last 2 s";
  const time = formatTime(elapsedMs);
  return paint(title, "bold") + time.padStart(Math.max(1, Math.min(columns, 120) - title.length));
}

/** The most important lines first; what has no room is left out. */
function renderFooter(view: View, { columns, rows }: ScreenSize, paint: Paint): readonly string[] {
  const { problems, events, folder, portBase } = view;
  const latestFirst = events.slice(problems.length === 0 ? -2 : -1).toReversed();
  return [
    ...renderProblems(problems, { columns, rows: Math.max(MIN_PROBLEM_LINES, rows - 4) }, paint),
    ...latestFirst.map((event) => paint(cut(event, columns), "yellow")),
    cut(`Edit ${folder}/*.yaml and watch, or try a command. Ctrl-C ends.`, columns),
    paint(cut(`What is in force: curl 127.0.0.1:${portBase}/config  (or /metrics)`, columns), "dim"),
  ].slice(0, rows);
}

const MIN_PROBLEM_LINES = 2;

/** Problems, broken into lines at blanks; one line more says where there are others. */
function renderProblems(
  problems: readonly string[],
  { columns, rows }: ScreenSize,
  paint: Paint,
): readonly string[] {
  const lines = problems.flatMap((problem) =>
    wrapWords(problem, columns - 2).map((line, index) => cut(`${index === 0 ? "✗" : " "} ${line}`, columns)),
  );
  const shown =
    lines.length > rows
      ? [...lines.slice(0, rows), `  … ${problems.length} problems in all: see /config`]
      : lines;
  return shown.map((line) => paint(line, "red"));
}

function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The same in one line, for where there is no terminal. */
export function renderLine({ elapsedMs, examples, problems }: View): string {
  const answers = examples.map(({ request, observation }) => {
    const shares = observation?.shares.map(
      ({ backend = "sidecar", status, share }) => `${backend} ${status} ${Math.round(share * 100)} %`,
    );
    return `${request.service}${request.path}: ${shares?.join(", ") ?? "no answer"}`;
  });
  return [formatTime(elapsedMs), ...answers, ...problems.map((problem) => `problem: ${problem}`)].join(" | ");
}
