import type { Socket } from "node:net";
import type { AdminLimits, Schedule } from "./admin-limits.ts";
import type { AdminResponse } from "./admin-routes.ts";
import type { ResponseFraming } from "./request-reader.ts";

const REASONS: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [202, "Accepted"],
  [400, "Bad Request"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [503, "Service Unavailable"],
]);

/**
 * Writes responses to one socket, no faster than the client reads: a body in pieces is pulled piece by piece, so that
 * what waits in memory stays within one piece and the socket's own buffer.
 */
export class ResponseWriter {
  readonly #socket: Socket;
  readonly #limits: AdminLimits;
  readonly #schedule: Schedule;

  constructor(socket: Socket, limits: AdminLimits, schedule: Schedule) {
    this.#socket = socket;
    this.#limits = limits;
    this.#schedule = schedule;
  }

  /**
   * Resolves when all is handed to the socket, or the client is gone. Rejects when the body does: the response then is
   * incomplete, and only the end of the connection can say so.
   */
  async write(response: AdminResponse, framing: ResponseFraming): Promise<void> {
    const { body } = response;
    const { isHead, canChunk } = framing;
    if (typeof body === "string") {
      const head = responseHead(response, framing, `Content-Length: ${Buffer.byteLength(body)}`);
      await this.#send(isHead ? head : head + body);
      return;
    }
    await this.#send(responseHead(response, framing, canChunk ? "Transfer-Encoding: chunked" : undefined));
    if (isHead) return;
    for await (const piece of body) {
      if (piece === "") continue;
      const isGoingOn = await this.#send(canChunk ? chunkOf(piece) : piece);
      if (!isGoingOn) return;
      await turn();
    }
    if (canChunk) await this.#send("0\r\n\r\n");
  }

  /** Whether the client still takes anything. */
  async #send(text: string): Promise<boolean> {
    const socket = this.#socket;
    if (!socket.writable) return false;
    if (socket.write(text)) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onEvent = (): void => resolve();
    const cancel = this.#schedule(this.#limits.stallTimeoutMs, () => socket.destroy());
    socket.once("drain", onEvent);
    socket.once("close", onEvent);
    await promise;
    cancel();
    socket.off("drain", onEvent);
    socket.off("close", onEvent);
    return socket.writable;
  }
}

function responseHead(
  { status, contentType, allow }: AdminResponse,
  { isLast }: ResponseFraming,
  framing: string | undefined,
): string {
  return [
    `HTTP/1.1 ${status} ${REASONS.get(status) ?? ""}`,
    `Content-Type: ${contentType}`,
    "Cache-Control: no-store",
    ...(allow === undefined ? [] : [`Allow: ${allow}`]),
    ...(framing === undefined ? [] : [framing]),
    ...(isLast ? ["Connection: close"] : []),
    "\r\n",
  ].join("\r\n");
}

function chunkOf(piece: string): string {
  return `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
