const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "is no folder",
  EACCES: "may not be read",
  EPERM: "may not be read",
  ELOOP: "is a link that leads in a circle",
};

/** What to tell people of a file that can't be read. The caller names the file. */
export function ioProblem(error: unknown): string {
  const code = codeOf(error);
  return SENTENCES[code] ?? `can't be read: ${code === "" ? String(error) : code}`;
}

/** The system's name of the error, `ENOENT`; empty where it is another kind of error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
