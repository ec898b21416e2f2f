/** A part of a file that is whole by itself, and where it begins. */
export interface DocumentText {
  readonly text: string;
  /** The line of the file that it begins on, from 1. */
  readonly line: number;
}

const MARKER = /(?<![^\n])---(?=[ \t\r\n]|$)/g;

/** Directives stand before a marker and belong to the document behind it. */
const DIRECTIVE = /(?<![^\n])%/;

/**
 * Cuts a YAML text before its document markers, so that a change of one document costs the reading of that one only.
 * At the beginning of a line `---` is a marker wherever it stands, inside of texts too (YAML 1.2.2 section 9.1.2). A
 * text with directives stays whole: they are rare, and go with a marker that does not begin their document.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  if (DIRECTIVE.test(text)) return [{ text, line: 1 }];
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 1;
  const cut = (end: number): void => {
    const part = text.slice(start, end);
    if (part.trim() !== "") documents.push({ text: part, line });
    line += lineBreaks(part);
    start = end;
  };
  for (const { index } of text.matchAll(MARKER)) cut(index);
  cut(text.length);
  return documents;
}

function lineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
