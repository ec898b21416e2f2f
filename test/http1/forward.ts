import { writeChunk, writeLastChunk } from "../../src/http1/body-writer.ts";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import {
  type RequestWriteOptions,
  type ResponseWriteOptions,
  writeInformational,
  writeRequestHead,
  writeResponseHead,
} from "../../src/http1/message-writer.ts";
import { OutBuffer } from "../../src/http1/out-buffer.ts";
import { Framing, ParserEvent } from "../../src/http1/parser-event.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { ResponseParser } from "../../src/http1/response-parser.ts";

/** The requests in `text`, as a proxy would send them on; trailers included. Stops where they end or are malformed. */
export function forwardRequests(text: string, options: RequestWriteOptions = {}): string {
  const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
  const out = new OutBuffer(16);
  const bytes = Buffer.from(text, "latin1");
  parser.feed(bytes, 0, bytes.length);
  let framing: Framing = Framing.None;
  for (
    let event = parser.next();
    event !== ParserEvent.NeedMore && event !== ParserEvent.Error;
    event = parser.next()
  ) {
    if (event === ParserEvent.Head) {
      framing = options.framing ?? parser.head.framing;
      writeRequestHead(out, parser.head, options);
    }
    forwardBody(out, parser, event, framing);
  }
  return out.view().toString("latin1");
}

/** The responses to one request in `text`, as a proxy would send them on. */
export function forwardResponses(
  text: string,
  method: string,
  options: Partial<ResponseWriteOptions> & { readonly isUpgrade?: boolean } = {},
): string {
  const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
  const out = new OutBuffer(16);
  const bytes = Buffer.from(text, "latin1");
  parser.expectResponse(method, options.isUpgrade);
  parser.feed(bytes, 0, bytes.length);
  let framing: Framing = Framing.None;
  for (
    let event = parser.next();
    event !== ParserEvent.NeedMore && event !== ParserEvent.Error;
    event = parser.next()
  ) {
    if (event === ParserEvent.Informational) writeInformational(out, parser.head);
    if (event === ParserEvent.Head) {
      framing = options.framing ?? parser.head.framing;
      writeResponseHead(out, parser.head, { connection: "none", ...options, framing });
    }
    forwardBody(out, parser, event, framing);
  }
  return out.view().toString("latin1");
}

function forwardBody(
  out: OutBuffer,
  parser: RequestParser | ResponseParser,
  event: ParserEvent,
  framing: Framing,
): void {
  if (event === ParserEvent.Data && framing === Framing.Chunked) {
    writeChunk(out, parser.input, parser.dataStart, parser.dataEnd);
  } else if (event === ParserEvent.Data) {
    out.bytes(parser.input, parser.dataStart, parser.dataEnd);
  } else if (event === ParserEvent.End && framing === Framing.Chunked) {
    writeLastChunk(out, parser.trailers);
  }
}
