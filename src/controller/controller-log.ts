type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What parts of the control plane need of the log; `limited` writes the same message and key at most once in 10 s. */
export interface ControllerLog {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  limited(level: "info" | "warn", message: string, key: string, fields?: Fields): void;
}
