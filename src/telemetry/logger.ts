import { KeyedLimiter } from "./keyed-limiter.ts";
import { rfc3339 } from "./rfc3339.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";
export type LogFormat = "json" | "text";
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface LoggerOptions {
  /** The least important level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes a line with its line break. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ranks: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/**
 * The proxy's own events: a line each, of a message that never varies and of fields. What traffic can trigger
 * is logged by `limited`, so that no client can fill the log.
 */
export class Logger {
  readonly #options: LoggerOptions;
  readonly #limiter = new KeyedLimiter();

  constructor(options: LoggerOptions) {
    this.#options = options;
  }

  error(message: string, fields: LogFields = {}): void {
    this.#log("error", message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#log("warn", message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#log("info", message, fields);
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#log("debug", message, fields);
  }

  /**
   * Logs at most once in 10 s for the same message and key (a Service, an endpoint: whatever the events should be told
   * apart by); the next line says in `suppressed` how many were not written.
   */
  limited(level: LogLevel, message: string, key: string, fields: LogFields = {}): void {
    if (!this.isEnabled(level)) return;
    const suppressed = this.#limiter.admit(`${message}\n${key}`, this.#options.now());
    if (suppressed === undefined) return;
    this.#log(level, message, suppressed === 0 ? fields : { ...fields, suppressed });
  }

  isEnabled(level: LogLevel): boolean {
    return ranks[level] <= ranks[this.#options.level];
  }

  #log(level: LogLevel, message: string, fields: LogFields): void {
    if (!this.isEnabled(level)) return;
    const { format, now, write } = this.#options;
    const time = rfc3339(now());
    write(
      format === "json" ? jsonLine(time, level, message, fields) : textLine(time, level, message, fields),
    );
  }
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `{"time":"${time}","level":"${level}","message":${JSON.stringify(message)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  return `${line}}\n`;
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${plainOrQuoted(message, plainMessage)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${plainOrQuoted(String(value), plainValue)}`;
  }
  return `${line}\n`;
}

const plainMessage = /^[\x20-\x7e]*$/;
const plainValue = /^[\w.,:;/@+*()[\]{}<>%&?!#~^|-]+$/;

function plainOrQuoted(value: string, plain: RegExp): string {
  return plain.test(value) ? value : JSON.stringify(value);
}
