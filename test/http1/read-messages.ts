import type { FieldTable } from "../../src/http1/field-table.ts";
import { DEFAULT_HTTP1_LIMITS, type Http1Limits } from "../../src/http1/limits.ts";
import type { MessageHead } from "../../src/http1/message-head.ts";
import type { ParseProblem } from "../../src/http1/parse-problem.ts";
import { ParserEvent } from "../../src/http1/parser-event.ts";
import type { RequestHead } from "../../src/http1/request-head.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import type { ResponseHead } from "../../src/http1/response-head.ts";
import { ResponseParser } from "../../src/http1/response-parser.ts";

export type Fields = readonly (readonly [name: string, value: string])[];

/** One message as a parser told it. */
export interface ReadMessage<Head> {
  readonly head: Head;
  body: string;
  trailers: Fields;
  isComplete: boolean;
}

export interface HeadFacts {
  readonly versionMinor: number;
  readonly fields: Fields;
  readonly framing: number;
  readonly contentLength: number;
  readonly keepAlive: boolean;
  readonly hasStickyAuthentication: boolean;
  readonly sizeBytes: number;
}

export interface RequestFacts extends HeadFacts {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly host: string | undefined;
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
  readonly acceptsTrailers: boolean;
}

export interface ResponseFacts extends HeadFacts {
  readonly status: number;
  readonly reason: string;
  readonly isInformational: boolean;
  readonly keepAliveTimeoutSeconds: number | undefined;
}

export interface Reading<Head> {
  readonly messages: readonly ReadMessage<Head>[];
  readonly error: ParseProblem | undefined;
  readonly isIdle: boolean;
  /** What was not read, because the messages ended before. */
  readonly rest: string;
}

export interface ReadOptions {
  readonly limits?: Partial<Http1Limits>;
  /** Where the bytes are cut into reads. */
  readonly cuts?: readonly number[];
  /** The connection ends after the bytes. */
  readonly ends?: boolean;
  /** Called with each head while it is valid. */
  readonly onHead?: (head: RequestHead | ResponseHead) => void;
}

export interface ReadResponseOptions extends ReadOptions {
  /** The method of each request that is answered, in order; GET for what is missing. */
  readonly methods?: readonly string[];
  readonly isUpgrade?: boolean;
}

function fieldsOf(table: FieldTable): Fields {
  return Array.from(
    { length: table.count },
    (_, index) => [table.nameAt(index), table.valueAt(index)] as const,
  );
}

function headFacts(head: MessageHead): HeadFacts {
  return {
    versionMinor: head.versionMinor,
    fields: fieldsOf(head.fields),
    framing: head.framing,
    contentLength: head.contentLength,
    keepAlive: head.keepAlive,
    hasStickyAuthentication: head.hasStickyAuthentication,
    sizeBytes: head.sizeBytes,
  };
}

function requestFacts(head: RequestHead): RequestFacts {
  const { method, target, path, query, host, upgrade, expectsContinue, acceptsTrailers } = head;
  return { ...headFacts(head), method, target, path, query, host, upgrade, expectsContinue, acceptsTrailers };
}

function responseFacts(head: ResponseHead, isInformational: boolean): ResponseFacts {
  const { status, reason, keepAliveTimeoutSeconds } = head;
  return { ...headFacts(head), status, reason, keepAliveTimeoutSeconds, isInformational };
}

/** The bytes of `text` in reads. Each read has memory of its own. */
function cut(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  const sorted = [...new Set([0, ...cuts.filter((at) => at > 0 && at < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => Buffer.from(bytes.subarray(sorted[index], end)));
}

interface Driver<Head> {
  readonly parser: RequestParser | ResponseParser;
  readonly onHead: (isInformational: boolean) => ReadMessage<Head> | undefined;
  readonly onEnd: () => void;
}

/**
 * Feeds reads to a parser as the proxy does. The memory of a read is overwritten before the next, so that whatever
 * still points there shows; a head that is still in use is retained before that.
 */
function drive<Head>(driver: Driver<Head>, reads: readonly Buffer[], options: ReadOptions): Reading<Head> {
  const { parser } = driver;
  const messages: ReadMessage<Head>[] = [];
  let current: ReadMessage<Head> | undefined;
  let error: ParseProblem | undefined;
  const take = (event: ParserEvent): boolean => {
    if (event === ParserEvent.NeedMore) return false;
    if (event === ParserEvent.Error) {
      error = parser.error;
      return false;
    }
    if (event === ParserEvent.Head || event === ParserEvent.Informational) {
      options.onHead?.(parser.head);
      current = driver.onHead(event === ParserEvent.Informational);
      if (current !== undefined) messages.push(current);
    } else if (current === undefined) {
      throw new Error(`event ${event} before a head`);
    } else if (event === ParserEvent.Data) {
      current.body += parser.input.toString("latin1", parser.dataStart, parser.dataEnd);
    } else if (event === ParserEvent.Trailers) {
      current.trailers = fieldsOf(parser.trailers);
    } else {
      current.isComplete = true;
      current = undefined;
      driver.onEnd();
    }
    return true;
  };
  for (const read of reads) {
    parser.feed(read, 0, read.length);
    while (take(parser.next()));
    if (error !== undefined) break;
    if (current !== undefined) parser.retainHead();
    parser.retainUnread();
    read.fill(0xaa);
  }
  if (options.ends === true && error === undefined) take(parser.finish());
  const rest = parser.input.toString("latin1", parser.position, parser.unreadEnd);
  return { messages, error, isIdle: parser.isIdle, rest };
}

/** Reads all requests of a client that sends `text`, each character a byte. */
export function readRequests(text: string, options: ReadOptions = {}): Reading<RequestFacts> {
  const parser = new RequestParser({ ...DEFAULT_HTTP1_LIMITS, ...options.limits });
  return drive(
    {
      parser,
      onHead: () => ({ head: requestFacts(parser.head), body: "", trailers: [], isComplete: false }),
      onEnd: () => undefined,
    },
    cut(text, options.cuts ?? []),
    options,
  );
}

/** Reads all responses of a server that sends `text`, each character a byte. */
export function readResponses(text: string, options: ReadResponseOptions = {}): Reading<ResponseFacts> {
  const parser = new ResponseParser({ ...DEFAULT_HTTP1_LIMITS, ...options.limits });
  const methods = [...(options.methods ?? ["GET"])];
  const expectNext = () => {
    const method = methods.shift();
    if (method !== undefined) parser.expectResponse(method, options.isUpgrade);
  };
  expectNext();
  return drive(
    {
      parser,
      onHead: (isInformational) => ({
        head: responseFacts(parser.head, isInformational),
        body: "",
        trailers: [],
        isComplete: isInformational,
      }),
      onEnd: expectNext,
    },
    cut(text, options.cuts ?? []),
    options,
  );
}
