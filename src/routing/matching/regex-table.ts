import { literalPrefix } from "./literal-prefix.ts";
import type { MatchEntry } from "./match-entry.ts";
import { comparePrecedence } from "./precedence.ts";
import type { PrefixGroup } from "./prefix-table.ts";
import { PrefixTable } from "./prefix-table.ts";

/** A match by regular expression, with its place among all of them. */
export interface RankedRegex {
  readonly rank: number;
  readonly entry: MatchEntry;
}

/**
 * Regular expressions, filed under the text that their paths must begin with, so that a path is tried against those
 * only that it could match. A group holds its expressions best first.
 */
export class RegexTable {
  readonly #table = new PrefixTable<RankedRegex>("anywhere");

  /** Yields in between, so that a caller can spread the work. */
  *build(entries: readonly MatchEntry[]): Generator<undefined, void> {
    const sorted = [...entries].sort(comparePrecedence);
    for (const [rank, entry] of sorted.entries()) {
      this.#table.add(literalPrefix(entry.path), { rank, entry });
      yield;
    }
    yield* this.#table.finish();
  }

  get isEmpty(): boolean {
    return this.#table.groups.size === 0;
  }

  /** A path's expressions: these, then those of `parent`, and so on. */
  find(path: string): PrefixGroup<RankedRegex> | undefined {
    return this.#table.find(path);
  }
}
