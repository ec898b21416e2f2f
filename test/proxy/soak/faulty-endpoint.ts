import type net from "node:net";
import type { Dice } from "../../support/dice.ts";
import { chunkedBodyAt, fieldsOf } from "../../support/response-reader.ts";
import { contentOf, type SoakRecord } from "./record.ts";

interface Request {
  readonly method: string;
  readonly id: string;
  readonly headers: ReadonlyMap<string, string>;
}

const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE"]);
/** What a response is called that nobody asked for. */
export const UNSOLICITED = "unsolicited";
const LARGEST_BODY = 150_000;

/** One connection of an endpoint that answers most requests well, and the others in every bad way there is. */
export class FaultyConnection {
  readonly #socket: net.Socket;
  readonly #dice: Dice;
  readonly #record: SoakRecord;
  #text = "";
  #isBusy = false;
  #isTunnel = false;
  /** Seen ahead of its body; answered already. */
  #skipping: Request | undefined;

  constructor(socket: net.Socket, dice: Dice, record: SoakRecord) {
    this.#socket = socket;
    this.#dice = dice;
    this.#record = record;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => socket.end());
  }

  #onData(chunk: Buffer): void {
    if (this.#isTunnel) {
      this.#echo(chunk.toString("latin1"));
      return;
    }
    this.#text += chunk.toString("latin1");
    this.#read();
  }

  #echo(text: string): void {
    if (this.#dice.isOneIn(50)) this.#socket.resetAndDestroy();
    else this.#socket.write(text, "latin1");
  }

  #read(): void {
    if (this.#isBusy || this.#socket.destroyed) return;
    const headEnd = this.#text.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const [line = "", ...lines] = this.#text.slice(0, headEnd).split("\r\n");
    const match = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(line);
    if (match === null) {
      this.#record.violate(`an endpoint was sent ${JSON.stringify(line)}`);
      this.#socket.destroy();
      return;
    }
    const [, method = "", id = ""] = match;
    const request = this.#skipping ?? { method, id, headers: fieldsOf(lines) };
    const body = this.#bodyOf(request, headEnd + 4);
    if (body === undefined) {
      this.#maybeAnswerEarly(request);
      return;
    }
    this.#text = this.#text.slice(body.end);
    this.#check(request, body.text);
    if (this.#skipping === undefined) {
      this.#answer(request);
    } else {
      this.#skipping = undefined;
      this.#read();
    }
  }

  #bodyOf({ headers }: Request, start: number): { text: string; end: number } | undefined {
    if (headers.get("transfer-encoding") === "chunked") return chunkedBodyAt(this.#text, start);
    const end = start + Number(headers.get("content-length") ?? 0);
    return this.#text.length < end ? undefined : { text: this.#text.slice(start, end), end };
  }

  #check({ method, id, headers }: Request, body: string): void {
    this.#record.processed(id, IDEMPOTENT.has(method));
    const size = Number(headers.get("x-body-size"));
    if (body !== contentOf(id, size))
      this.#record.violate(`${id}: a wrong request of ${body.length} of ${size} bytes`);
  }

  #maybeAnswerEarly(request: Request): void {
    if (this.#skipping !== undefined || !this.#dice.isOneIn(20)) return;
    this.#record.count("answered early");
    this.#skipping = request;
    this.#socket.write(this.#responseTo(request).join(""), "latin1");
  }

  #answer(request: Request): void {
    this.#isBusy = true;
    const done = (): void => {
      this.#isBusy = false;
      this.#read();
    };
    if (this.#dice.isOneIn(4)) this.#misbehave(request, done);
    else if (this.#isUpgraded(request)) this.#upgrade();
    else this.#send(this.#responseTo(request), done);
  }

  #isUpgraded({ headers }: Request): boolean {
    return headers.get("upgrade") !== undefined && !this.#dice.isOneIn(3);
  }

  #upgrade(): void {
    this.#isTunnel = true;
    this.#socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    const early = this.#text;
    this.#text = "";
    if (early !== "") this.#echo(early);
  }

  /** Pieces of a good response. */
  #responseTo({ method, id }: Request): string[] {
    const dice = this.#dice;
    const size = dice.isOneIn(3) ? dice.below(LARGEST_BODY) : dice.below(100);
    const body = contentOf(id, size);
    const interim = dice.isOneIn(10) ? "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" : "";
    const common = `X-Id: ${id}\r\nX-Size: ${size}\r\n`;
    const pieces = (text: string): string[] => {
      const at = dice.below(text.length + 1);
      return dice.isOneIn(2) ? [text] : [text.slice(0, at), text.slice(at)];
    };
    if (dice.isOneIn(12)) return [`${interim}HTTP/1.1 204 No Content\r\n${common}\r\n`];
    const hasBody = method !== "HEAD";
    if (dice.isOneIn(2)) {
      const head = `${interim}HTTP/1.1 200 OK\r\n${common}Content-Length: ${size}\r\n\r\n`;
      return hasBody ? pieces(head + body) : [head];
    }
    const head = `${interim}HTTP/1.1 200 OK\r\n${common}Transfer-Encoding: chunked\r\n\r\n`;
    if (!hasBody) return [head];
    const trailers = dice.isOneIn(4) ? "X-Sum: 1\r\n" : "";
    return [head, ...this.#chunks(body), `0\r\n${trailers}\r\n`];
  }

  #chunks(body: string): string[] {
    const chunks: string[] = [];
    for (let at = 0; at < body.length; ) {
      const size = Math.min(body.length - at, 1 + this.#dice.below(40_000));
      chunks.push(`${size.toString(16)}\r\n${body.slice(at, at + size)}\r\n`);
      at += size;
    }
    return chunks;
  }

  #send(pieces: readonly string[], done: () => void): void {
    const [piece, ...rest] = pieces;
    if (piece === undefined) {
      done();
      return;
    }
    this.#socket.write(piece, "latin1");
    if (rest.length > 0 && this.#dice.isOneIn(2)) setImmediate(() => this.#send(rest, done));
    else this.#send(rest, done);
  }

  #misbehave(request: Request, done: () => void): void {
    const socket = this.#socket;
    const bytes = this.#responseTo(request).join("");
    const cut = bytes.slice(0, this.#dice.below(bytes.length));
    const kind = this.#dice.of([
      "cut",
      "cut by reset",
      "closed",
      "reset",
      "until end",
      "until end, cut",
      "extra",
      "unsolicited",
      "garbage",
      "silent",
      "closed after",
      "closed later",
      "reset later",
      "keeps short",
      "huge head",
    ]);
    this.#record.count(`endpoint: ${kind}`);
    switch (kind) {
      case "cut":
        socket.end(cut, "latin1");
        return;
      case "cut by reset":
        socket.write(cut, "latin1", () => socket.resetAndDestroy());
        return;
      case "closed":
        socket.end();
        return;
      case "reset":
        socket.resetAndDestroy();
        return;
      case "until end":
      case "until end, cut": {
        const size = this.#dice.below(LARGEST_BODY);
        const body = request.method === "HEAD" ? "" : contentOf(request.id, size);
        socket.write(`HTTP/1.1 200 OK\r\nX-Id: ${request.id}\r\nX-Size: ${size}\r\n\r\n`);
        if (kind === "until end") socket.end(body, "latin1");
        else socket.write(body.slice(0, size / 2), "latin1", () => socket.resetAndDestroy());
        return;
      }
      case "extra":
        socket.write(`${bytes}HTTP/1.1 200 OK\r\nX-Id: evil\r\nContent-Length: 4\r\n\r\nevil`, "latin1");
        done();
        return;
      case "unsolicited":
        socket.write(bytes, "latin1", () => {
          // When it comes, the connection may serve another request already: then it is that one's answer.
          const late = `HTTP/1.1 408 Request Timeout\r\nX-Id: ${UNSOLICITED}\r\nContent-Length: 0\r\n\r\n`;
          setImmediate(() => socket.write(late));
        });
        return;
      case "garbage":
        socket.write("HTTP/1.1 abc\r\n\r\n");
        return;
      case "huge head":
        socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`);
        return;
      case "silent":
        return;
      case "closed after":
        socket.end(bytes, "latin1");
        return;
      case "closed later":
        socket.write(bytes, "latin1", () => setImmediate(() => socket.end()));
        return;
      case "reset later":
        socket.write(bytes, "latin1", () => setImmediate(() => socket.resetAndDestroy()));
        return;
      case "keeps short":
        socket.write(bytes, "latin1");
        setTimeout(() => socket.end(), this.#dice.below(20));
        done();
    }
  }
}
