/** A response as the simplest of clients understands it. */
export interface ReadResponse {
  readonly version: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly trailers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Statuses of the interim responses before it. */
  readonly interim: readonly number[];
}

/** A body without its framing, and where it ends. */
interface ReadBody {
  readonly text: string;
  readonly end: number;
  readonly trailers: ReadonlyMap<string, string>;
}

const CRLF = "\r\n";

/**
 * Reads responses from text, each byte a character. Written apart from src/http1 and more simply, to be the judge of
 * what the proxy sends. Throws on everything that is not well formed.
 */
export class ResponseReader {
  readonly responses: ReadResponse[] = [];
  /** Methods of the requests whose responses are due. */
  readonly due: string[] = [];
  #text = "";
  #interim: number[] = [];
  #isOver = false;

  /** Bytes that belong to no complete response that is due. */
  get rest(): string {
    return this.#text;
  }

  push(text: string): void {
    this.#text += text;
    while (this.#readOne()) continue;
  }

  /** The connection ended with FIN: a body without other framing is complete by that. */
  end(): void {
    this.#isOver = true;
    while (this.#readOne()) continue;
  }

  #readOne(): boolean {
    const headEnd = this.#text.indexOf(CRLF + CRLF);
    if (headEnd < 0) return false;
    const [statusLine = "", ...lines] = this.#text.slice(0, headEnd).split(CRLF);
    const match = /^(HTTP\/1\.[01]) (\d{3}) [^\r\n]*$/.exec(statusLine);
    if (match === null) throw new Error(`no status line: ${JSON.stringify(statusLine.slice(0, 100))}`);
    const [, version = "", code = ""] = match;
    const status = Number(code);
    const headers = fieldsOf(lines);
    const bodyStart = headEnd + 4;
    if (status < 200 && status !== 101) {
      this.#interim.push(status);
      this.#text = this.#text.slice(bodyStart);
      return true;
    }
    const method = this.due[0];
    if (method === undefined) return false;
    const body = this.#bodyAt(bodyStart, { method, status, headers });
    if (body === undefined) return false;
    this.due.shift();
    this.#text = this.#text.slice(body.end);
    const interim = this.#interim;
    this.#interim = [];
    this.responses.push({ version, status, headers, trailers: body.trailers, body: body.text, interim });
    return true;
  }

  #bodyAt(
    start: number,
    { method, status, headers }: { method: string; status: number; headers: ReadonlyMap<string, string> },
  ): ReadBody | undefined {
    const trailers = new Map<string, string>();
    if (method === "HEAD" || status === 101 || status === 204 || status === 304)
      return { text: "", end: start, trailers };
    if (headers.has("transfer-encoding")) {
      if (headers.get("transfer-encoding") !== "chunked" || headers.has("content-length"))
        throw new Error("framing is in doubt");
      return chunkedBodyAt(this.#text, start);
    }
    const length = headers.get("content-length");
    if (length === undefined) {
      return this.#isOver ? { text: this.#text.slice(start), end: this.#text.length, trailers } : undefined;
    }
    if (!/^\d+$/.test(length)) throw new Error(`Content-Length: ${length}`);
    const end = start + Number(length);
    return end <= this.#text.length ? { text: this.#text.slice(start, end), end, trailers } : undefined;
  }
}

/** The chunked body that begins at `start`; undefined while it is not complete. Throws on what is not one. */
export function chunkedBodyAt(all: string, start: number): ReadBody | undefined {
  let text = "";
  let at = start;
  for (;;) {
    const lineEnd = all.indexOf(CRLF, at);
    if (lineEnd < 0) return undefined;
    const line = all.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`a chunk size: ${JSON.stringify(line.slice(0, 100))}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (all.length < at + size + 2) return undefined;
    text += all.slice(at, at + size);
    at += size;
    if (all.slice(at, at + 2) !== CRLF) throw new Error("no line end behind a chunk");
    at += 2;
  }
  const lines: string[] = [];
  for (;;) {
    const lineEnd = all.indexOf(CRLF, at);
    if (lineEnd < 0) return undefined;
    const line = all.slice(at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return { text, end: at, trailers: fieldsOf(lines) };
    lines.push(line);
  }
}

/** Header or trailer fields by their names in lower case; several of a name as a list. Throws on malformed lines. */
export function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*(.*?)[ \t]*$/i.exec(line);
    if (match === null) throw new Error(`a field line: ${JSON.stringify(line.slice(0, 100))}`);
    const [, name = "", value = ""] = match;
    const key = name.toLowerCase();
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}
