import net from "node:net";
import type { Dice } from "../../support/dice.ts";
import { type ReadResponse, ResponseReader } from "../../support/response-reader.ts";
import { UNSOLICITED } from "./faulty-endpoint.ts";
import { contentOf, type SoakRecord } from "./record.ts";

interface Sent {
  readonly id: string;
  readonly method: string;
  readonly isUpgrade: boolean;
}

/** More than all that the proxy waits for in a soak. */
const PATIENCE_MS = 10_000;
const LARGEST_BODY = 150_000;

/** Ways to send a part of a request and no more. */
const PARTIAL: ReadonlySet<string> = new Set(["leaves", "resets", "ends inside", "stalls"]);

/** One connection of a client: some requests, well or badly made, each of whose answers is checked. */
export class FaultyClient {
  readonly #socket: net.Socket;
  readonly #dice: Dice;
  readonly #record: SoakRecord;
  readonly #name: string;
  readonly #reader = new ResponseReader();
  readonly #sent: Sent[] = [];
  readonly #over = Promise.withResolvers<void>();
  #wake: (() => void) | undefined;
  #isOver = false;
  /** Came over a tunnel. */
  #tunnelText: string | undefined;
  #lastEvent = "none";

  constructor(port: number, name: string, dice: Dice, record: SoakRecord) {
    this.#name = name;
    this.#dice = dice;
    this.#record = record;
    this.#socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => this.#try(() => this.#onText(chunk.toString("latin1"))));
    this.#socket.on("end", () => {
      this.#lastEvent = "end";
      this.#try(() => this.#reader.end());
      this.#end();
    });
    this.#socket.on("error", () => this.#end());
    this.#socket.on("close", () => this.#end());
  }

  async run(): Promise<void> {
    const watchdog = setTimeout(() => {
      const due = this.#sent.slice(this.#reader.responses.length).map(({ method, id }) => `${method} ${id}`);
      this.#record.violate(
        `${this.#name} hangs; due: ${due.join(", ")}; has ${this.#reader.rest.slice(0, 200)}`,
      );
      this.#socket.destroy();
    }, PATIENCE_MS);
    try {
      await this.#talk();
    } finally {
      clearTimeout(watchdog);
    }
    this.#check();
    this.#leave();
    await this.#over.promise;
  }

  async #talk(): Promise<void> {
    const dice = this.#dice;
    const count = 1 + dice.below(8);
    const isPipelining = dice.isOneIn(3);
    const isOld = dice.isOneIn(10);
    for (let n = 0; n < count && !this.#isOver; n++) {
      const isLast = isOld || n === count - 1;
      const bytes = this.#request(`/${this.#name}-${n}`, { isOld, isLast });
      if (this.#sent.at(-1)?.isUpgrade !== true && dice.isOneIn(20)) {
        await this.#sendBadly(bytes);
        return;
      }
      await this.#send(bytes);
      if (!isPipelining || isLast) await this.#answered();
      if (this.#sent.at(-1)?.isUpgrade === true) {
        await this.#answered();
        if (this.#tunnelText !== undefined) await this.#tunnel();
        return;
      }
      if (isLast) return;
    }
  }

  /** A whole request; from now on its answer is due. */
  #request(id: string, { isOld, isLast }: { isOld: boolean; isLast: boolean }): string {
    const dice = this.#dice;
    const isUpgrade = isLast && !isOld && dice.isOneIn(10);
    const method = isUpgrade ? "GET" : dice.of(["GET", "GET", "HEAD", "POST", "PUT", "DELETE"]);
    this.#sent.push({ id, method, isUpgrade });
    this.#reader.due.push(method);
    const hasBody = method === "POST" || method === "PUT";
    const size = hasBody ? (dice.isOneIn(4) ? dice.below(LARGEST_BODY) : dice.below(50)) : 0;
    const body = contentOf(id, size);
    const isChunked = hasBody && !isOld && dice.isOneIn(2);
    const head = [
      `${method} ${id} HTTP/1.${isOld ? 0 : 1}`,
      "Host: web",
      `X-Body-Size: ${size}`,
      ...(isUpgrade ? ["Connection: upgrade", "Upgrade: echo"] : []),
      ...(isLast && !isUpgrade && dice.isOneIn(2) ? ["Connection: close"] : []),
      ...(hasBody && !isOld && dice.isOneIn(6) ? ["Expect: 100-continue"] : []),
      ...(isChunked ? ["Transfer-Encoding: chunked"] : hasBody ? [`Content-Length: ${size}`] : []),
      "",
      "",
    ].join("\r\n");
    return head + (isChunked ? this.#chunked(body) : body);
  }

  #chunked(body: string): string {
    let text = "";
    for (let at = 0; at < body.length; ) {
      const size = Math.min(body.length - at, 1 + this.#dice.below(30_000));
      text += `${size.toString(16)}\r\n${body.slice(at, at + size)}\r\n`;
      at += size;
    }
    return `${text}0\r\n\r\n`;
  }

  async #send(bytes: string): Promise<void> {
    const pieces = this.#dice.isOneIn(3) ? 1 + this.#dice.below(5) : 1;
    for (let n = 0, at = 0; n < pieces; n++) {
      const end = n === pieces - 1 ? bytes.length : at + this.#dice.below(bytes.length - at + 1);
      this.#socket.write(bytes.slice(at, end), "latin1");
      at = end;
      if (n < pieces - 1) await this.#turn();
    }
  }

  async #sendBadly(bytes: string): Promise<void> {
    const part = bytes.slice(0, this.#dice.below(bytes.length));
    // Nobody knows from half a head that it is one of HEAD: the answer has a body.
    const isHeadWhole = part.includes("\r\n\r\n");
    const kind = this.#dice.of([
      "leaves",
      "resets",
      "ends inside",
      "ends after",
      "stalls",
      "garbage",
      "stops reading",
      "leaves before the answer",
    ]);
    this.#record.count(`client: ${kind}`);
    if (!isHeadWhole && PARTIAL.has(kind)) this.#reader.due.splice(-1, 1, "GET");
    switch (kind) {
      case "leaves":
        await this.#send(part);
        this.#socket.destroy();
        return;
      case "resets":
        await this.#send(part);
        this.#socket.resetAndDestroy();
        return;
      case "leaves before the answer":
        await this.#send(bytes);
        await this.#turn();
        this.#socket.resetAndDestroy();
        return;
      case "ends inside":
        this.#socket.end(part, "latin1");
        await this.#over.promise;
        return;
      case "ends after":
        this.#socket.end(bytes, "latin1");
        await this.#over.promise;
        return;
      case "stalls":
        await this.#send(part);
        // What was sent of it may be nothing at all: then the connection only rests.
        if (part === "") this.#socket.end();
        await this.#over.promise;
        return;
      case "garbage":
        this.#sent.push({ id: "garbage", method: "GET", isUpgrade: false });
        this.#reader.due.push("GET");
        await this.#send(`${bytes}GET garbage\0\r\n\r\n`);
        await this.#over.promise;
        return;
      case "stops reading":
        this.#socket.pause();
        await this.#send(bytes);
        setTimeout(() => this.#socket.resume(), this.#dice.below(300));
        await this.#answered();
    }
  }

  async #tunnel(): Promise<void> {
    const text = contentOf(`/${this.#name}`, this.#dice.below(LARGEST_BODY));
    this.#socket.write(text, "latin1");
    while (!this.#isOver && (this.#tunnelText ?? "").length < text.length) await this.#change();
    if (this.#tunnelText !== text.slice(0, this.#tunnelText?.length))
      this.#record.violate(`${this.#name}: a tunnel garbles`);
    this.#record.count("tunnel");
  }

  #onText(text: string): void {
    if (this.#tunnelText !== undefined) {
      this.#tunnelText += text;
    } else {
      this.#reader.push(text);
      const last = this.#reader.responses.at(-1);
      if (last?.status === 101) this.#tunnelText = this.#reader.rest;
    }
    this.#wake?.();
  }

  async #answered(): Promise<void> {
    while (!this.#isOver && this.#reader.responses.length < this.#sent.length) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#record.violate(`${this.#name}: ${String(error)}`);
      this.#socket.destroy();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#over.resolve();
    this.#wake?.();
  }

  #leave(): void {
    if (this.#dice.isOneIn(3)) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #check(): void {
    const { responses } = this.#reader;
    for (const [index, response] of responses.entries()) this.#checkResponse(this.#sent[index], response);
    const isLate = this.#tunnelText === undefined && responses.length === this.#sent.length;
    if (isLate && this.#reader.rest !== "") {
      this.#record.violate(
        `${this.#name}: bytes behind the last response: ${JSON.stringify(this.#reader.rest.slice(0, 200))}`,
      );
    }
    if (responses.length < this.#sent.length) this.#record.count("no answer");
  }

  #checkResponse(sent: Sent | undefined, { status, headers, body }: ReadResponse): void {
    if (sent === undefined) return;
    if (headers.has("proxy-status")) {
      this.#record.count(`answer of the proxy: ${status}`);
      return;
    }
    if (status === 101) return;
    if (headers.get("x-id") === UNSOLICITED) {
      this.#record.count("response that nobody asked for");
      return;
    }
    this.#record.count("response");
    const size = Number(headers.get("x-size"));
    const expected = sent.method === "HEAD" || status === 204 ? "" : contentOf(sent.id, size);
    if (headers.get("x-id") !== sent.id)
      this.#record.violate(`${sent.id} got the response to ${headers.get("x-id")}`);
    else if (body !== expected) {
      this.#record.violate(
        `${sent.method} ${sent.id}: ${body.length} of ${expected.length} bytes passed for all (${status}, ${this.#lastEvent}, ${JSON.stringify([...headers])})`,
      );
    }
  }
}
