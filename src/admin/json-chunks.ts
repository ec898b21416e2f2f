const CHUNK_LENGTH = 16 * 1024;

/**
 * Plain data as `JSON.stringify(value, undefined, 2)` writes it, with a line break at the end, in pieces of about 16 K
 * characters, so that megabytes of configuration don't hold up the event loop. Maps are written as objects, iterators as
 * lists, whose items are asked for one by one as they are written.
 */
export function* jsonChunks(value: unknown): Generator<string, void> {
  const writer = { text: "" };
  for (const _ of write(writer, value, "\n")) {
    yield writer.text;
    writer.text = "";
  }
  yield `${writer.text}\n`;
}

/** Yields when there is a piece to take away. `lineBreak` is a line break with the indentation of the value. */
function* write(writer: { text: string }, value: unknown, lineBreak: string): Generator<undefined, void> {
  if (typeof value !== "object" || value === null) {
    // Undefined is left out of objects by their own loop; in arrays it is null.
    writer.text += JSON.stringify(value) ?? "null";
    return;
  }
  const isArray = Array.isArray(value) || value instanceof Iterator;
  const inner = `${lineBreak}  `;
  let isEmpty = true;
  writer.text += isArray ? "[" : "{";
  for (const [key, member] of entriesOf(value)) {
    if (member === undefined && !isArray) continue;
    writer.text += (isEmpty ? "" : ",") + inner + (isArray ? "" : `${JSON.stringify(key)}: `);
    isEmpty = false;
    // A generator for each text and number would cost more than all else.
    if (typeof member === "object") yield* write(writer, member, inner);
    else writer.text += JSON.stringify(member) ?? "null";
    if (writer.text.length >= CHUNK_LENGTH) yield;
  }
  if (!isEmpty) writer.text += lineBreak;
  writer.text += isArray ? "]" : "}";
}

function entriesOf(value: object): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(value)) return value.entries();
  if (value instanceof Iterator) return value.map((item: unknown, index) => [index, item] as const);
  return value instanceof Map ? (value as ReadonlyMap<unknown, unknown>) : Object.entries(value);
}
