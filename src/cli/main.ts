#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { isatty } from "node:tty";
import { commands } from "./commands.ts";
import { runCommandLine } from "./run-command-line.ts";

const code = await runCommandLine({
  words: process.argv.slice(2),
  environment: process.env,
  isTerminal: isatty(2),
  isOutputTerminal: isatty(1),
  readFile: (path) => readFile(path, "utf8"),
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  commands,
});
process.exit(code);
