import { coloured, type Paint, plain } from "./paint.ts";
import { renderLine, renderScreen } from "./screen.ts";
import { renderTable } from "./table.ts";
import type { View } from "./view.ts";

/** Where the demo shows what happens. */
export interface Display extends Disposable {
  readonly show: (view: View) => void;
}

/** What a display needs of standard output. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly write: (text: string) => unknown;
}

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_REST_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/** Colours are for terminals, and for nobody who sets NO_COLOR (https://no-color.org). */
export function paintFor(output: Output, noColor: string | undefined): Paint {
  return output.isTTY === true && (noColor ?? "") === "" ? coloured : plain;
}

/** Redraws a screen of its own, and leaves the terminal as it was, with the last table below what was there. */
export function liveDisplay(output: Output, paint: Paint): Display {
  let last: View | undefined;
  let isShown = true;
  output.write(ENTER);
  return {
    show: (view) => {
      last = view;
      const lines = renderScreen(view, { columns: output.columns ?? 80, rows: output.rows ?? 24 }, paint);
      output.write(HOME + lines.map((line) => line + CLEAR_REST_OF_LINE).join("\r\n") + CLEAR_BELOW);
    },
    [Symbol.dispose]: () => {
      if (!isShown) return;
      isShown = false;
      output.write(LEAVE);
      if (last !== undefined) printTable(output, last, paint);
    },
  };
}

/** A line a second. */
export function lineDisplay(output: Output): Display {
  let shownSecond = 0;
  return {
    show: (view) => {
      const second = Math.floor(view.elapsedMs / 1_000);
      if (second === shownSecond) return;
      shownSecond = second;
      output.write(`${renderLine(view)}\n`);
    },
    [Symbol.dispose]: () => undefined,
  };
}

export function printTable(output: Output, view: View, paint: Paint): void {
  const lines = renderTable(view, { columns: output.columns ?? 80, paint });
  const problems = view.problems.map((problem) => paint(problem, "red"));
  output.write(`${[...lines, ...problems].join("\n")}\n`);
}
