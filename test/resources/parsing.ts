import assert from "node:assert/strict";
import type { Problem, Result } from "../../src/resources/result.ts";

/** The value of a parse that must have gone well. */
export function valueOf<T>(result: Result<T>): T {
  assert.deepEqual(result.kind === "invalid" ? result.problems : [], []);
  assert.ok(result.kind === "ok");
  return result.value;
}

/** The problems of a parse that must have gone wrong, as `path: message`. */
export function problemsOf(result: Result<unknown>): readonly string[] {
  assert.ok(result.kind === "invalid", "was parsed without a problem");
  return lines(result.problems);
}

export function lines(problems: readonly Problem[]): readonly string[] {
  return problems.map((problem) => `${problem.path}: ${problem.message}`);
}
