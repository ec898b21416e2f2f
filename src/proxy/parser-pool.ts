import type { Http1Limits } from "../http1/limits.ts";
import { RequestParser } from "../http1/request-parser.ts";
import { ResponseParser } from "../http1/response-parser.ts";
import { HeadView } from "./head-view.ts";

/** A request parser with what routing sees of its head. */
export interface RequestReader {
  readonly parser: RequestParser;
  readonly view: HeadView;
}

/** Parsers are a few kilobytes each: resting connections hold none, and busy ones share these. */
const KEPT = 256;

/** Lends parsers to connections while they have something to parse. */
export class ParserPool {
  readonly #limits: Http1Limits;
  readonly #requestReaders: RequestReader[] = [];
  readonly #responseParsers: ResponseParser[] = [];

  constructor(limits: Http1Limits) {
    this.#limits = limits;
  }

  takeRequestReader(): RequestReader {
    const kept = this.#requestReaders.pop();
    if (kept !== undefined) return kept;
    const parser = new RequestParser(this.#limits);
    return { parser, view: new HeadView(parser.head) };
  }

  giveRequestReader(reader: RequestReader): void {
    reader.parser.reset();
    if (this.#requestReaders.length < KEPT) this.#requestReaders.push(reader);
  }

  takeResponseParser(): ResponseParser {
    return this.#responseParsers.pop() ?? new ResponseParser(this.#limits);
  }

  giveResponseParser(parser: ResponseParser): void {
    parser.reset();
    if (this.#responseParsers.length < KEPT) this.#responseParsers.push(parser);
  }
}
