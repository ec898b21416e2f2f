const HEAD_BYTES = 5;

/** What of the length-prefixed messages of gRPC is wrong. */
export type MessageProblem =
  | { readonly kind: "too-large"; readonly bytes: number }
  /** None was offered. */
  | { readonly kind: "compressed" };

/**
 * Puts gRPC's length-prefixed messages together from a stream of bytes: one byte that says whether it is compressed,
 * four of length, the message. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class MessageReader {
  readonly #mostBytes: number;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headBytes = 0;
  #message: Uint8Array | undefined;
  #messageBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * @param onMessage gets each message that is complete, as bytes of its own
   * @returns what makes all that follows unreadable
   */
  push(chunk: Uint8Array, onMessage: (message: Uint8Array) => void): MessageProblem | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#message === undefined) {
        at += this.#takeHead(chunk, at);
        if (this.#headBytes < HEAD_BYTES) return undefined;
        const problem = this.#begin();
        if (problem !== undefined) return problem;
      }
      at += this.#takeBody(chunk, at);
      this.#finish(onMessage);
    }
    return undefined;
  }

  #takeHead(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + HEAD_BYTES - this.#headBytes);
    this.#head.set(part, this.#headBytes);
    this.#headBytes += part.length;
    return part.length;
  }

  #begin(): MessageProblem | undefined {
    const [isCompressed = 0, a = 0, b = 0, c = 0, d = 0] = this.#head;
    if (isCompressed !== 0) return { kind: "compressed" };
    const bytes = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (bytes > this.#mostBytes) return { kind: "too-large", bytes };
    this.#message = new Uint8Array(bytes);
    this.#messageBytes = 0;
    return undefined;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const missing = (this.#message?.length ?? 0) - this.#messageBytes;
    const part = chunk.subarray(at, at + missing);
    this.#message?.set(part, this.#messageBytes);
    this.#messageBytes += part.length;
    return part.length;
  }

  #finish(onMessage: (message: Uint8Array) => void): void {
    const message = this.#message;
    if (message === undefined || this.#messageBytes < message.length) return;
    this.#message = undefined;
    this.#headBytes = 0;
    onMessage(message);
  }
}

/** A message with its prefix. */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, HEAD_BYTES);
  return bytes;
}
