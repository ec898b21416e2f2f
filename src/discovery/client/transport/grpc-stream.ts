import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { TLSSocket } from "node:tls";
import { joinHostPort } from "../../../resources/ip-address.ts";
import { DELTA_METHOD } from "../../resource-types.ts";
import type {
  ClientClock,
  DeltaRequest,
  DeltaResponse,
  DiscoveryStream,
  StreamEnd,
  StreamListener,
} from "../client-ports.ts";
import type { CredentialReader } from "./credentials.ts";
import { type ClientNode, decodeDeltaResponse, encodeDeltaRequest } from "./delta-codec.ts";
import { streamEndOf } from "./grpc-status.ts";
import { framed, type MessageProblem, MessageReader } from "./message-reader.ts";

/** The largest message that is taken; the controller splits its responses at 1 MB. */
const MOST_MESSAGE_BYTES = 4 * 1_048_576;
/** How long the peer may take to accept the connection: one at an address that is no more never does. */
const CONNECT_MS = 3_000;
/** A peer that is no more (its node lost power) is found within the two together. */
const PING_EVERY_MS = 10_000;
const PING_ANSWER_MS = 8_000;

export interface GrpcStreamOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: ClientClock;
  readonly node: ClientNode;
  readonly credentials: CredentialReader;
}

/** One stream on one connection to one replica. */
export class GrpcStream implements DiscoveryStream {
  readonly #options: GrpcStreamOptions;
  readonly #listener: StreamListener;
  readonly #reader = new MessageReader(MOST_MESSAGE_BYTES);
  /** Requests that came before there was a stream. */
  #early: DeltaRequest[] = [];
  #isFirst = true;
  #isOver = false;
  #session: ClientHttp2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #socket: TLSSocket | undefined;
  #timer: { stop(): void } | undefined;
  /** What the server said before its stream ended. */
  #end: StreamEnd | undefined;

  constructor(options: GrpcStreamOptions, listener: StreamListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Never rejects: what goes wrong is told to the listener. */
  async connect(address: string): Promise<void> {
    try {
      const credentials = await this.#options.credentials.read();
      const [http2, tls, { isIP }] = await Promise.all([
        import("node:http2"),
        import("node:tls"),
        import("node:net"),
      ]);
      if (this.#isOver) return;
      const { host, port } = this.#options;
      const socket = tls.connect({
        host: address,
        port,
        ca: credentials.ca,
        // The certificate is for the name, whichever address it was found at.
        ...(isIP(host) === 0 && { servername: host }),
        checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
        ALPNProtocols: ["h2"],
        minVersion: "TLSv1.3",
      });
      this.#socket = socket;
      socket.on("error", (error) => this.#over({ kind: "failed", message: messageOf(error) }));
      this.#timer = this.#options.clock.startTimer(() => {
        this.#over({ kind: "failed", message: `${address} does not accept the connection` });
      }, CONNECT_MS);
      socket.once("connect", () => this.#timer?.stop());
      const session = http2.connect(`https://${joinHostPort(host, port)}`, {
        createConnection: () => socket,
        settings: { enablePush: false },
      });
      this.#begin(session, credentials.token);
    } catch (error) {
      this.#over({ kind: "failed", message: messageOf(error) });
    }
  }

  send(request: DeltaRequest): boolean {
    const stream = this.#stream;
    if (stream === undefined) {
      if (!this.#isOver) this.#early.push(request);
      return true;
    }
    if (stream.destroyed || stream.writableEnded) return true;
    const hasRoom = this.#write(stream, request);
    // What would have to be answered waits as well.
    if (!hasRoom) stream.pause();
    return hasRoom;
  }

  close(): void {
    this.#isOver = true;
    this.#early = [];
    this.#timer?.stop();
    this.#stream?.destroy();
    this.#session?.destroy();
    this.#socket?.destroy();
  }

  #write(stream: ClientHttp2Stream, request: DeltaRequest): boolean {
    const node = this.#isFirst ? this.#options.node : undefined;
    this.#isFirst = false;
    return stream.write(framed(encodeDeltaRequest(request, node)));
  }

  #begin(session: ClientHttp2Session, token: string): void {
    this.#session = session;
    session.on("error", (error) => this.#over({ kind: "failed", message: messageOf(error) }));
    session.on("goaway", (code) => {
      const kind = code === 0 ? "moved" : "failed";
      this.#over({ kind, message: `the controller closes the connection (GOAWAY, code ${code})` });
    });
    session.on("close", () => {
      this.#over(this.#end ?? { kind: "failed", message: "the connection was closed" });
    });
    const stream = session.request({
      ":method": "POST",
      ":path": DELTA_METHOD,
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": `eastbound/${this.#options.node.version}`,
      authorization: `Bearer ${token}`,
    });
    this.#stream = stream;
    stream.on("response", (headers) => this.#takeHead(headers));
    stream.on("trailers", (headers) => this.#takeTrailers(headers));
    stream.on("data", (chunk: Uint8Array) => this.#takeBytes(chunk));
    stream.on("drain", () => {
      stream.resume();
      if (!this.#isOver) this.#listener.onWritable();
    });
    stream.on("error", (error) => this.#over({ kind: "failed", message: messageOf(error) }));
    stream.on("close", () => {
      const message = `the stream was reset (code ${stream.rstCode})`;
      this.#over(this.#end ?? { kind: "failed", message });
    });
    const early = this.#early;
    this.#early = [];
    for (const request of early) this.#write(stream, request);
    session.once("connect", () => this.#pingLater(session));
  }

  #pingLater(session: ClientHttp2Session): void {
    const { clock } = this.#options;
    if (this.#isOver) return;
    this.#timer = clock.startTimer(() => {
      // Its end is about to be told, and a ping would throw.
      if (session.destroyed) return;
      this.#timer = clock.startTimer(() => {
        this.#over({ kind: "failed", message: "the controller does not answer any more" });
      }, PING_ANSWER_MS);
      session.ping((error) => {
        if (error !== null) return;
        this.#timer?.stop();
        this.#pingLater(session);
      });
    }, PING_EVERY_MS);
  }

  #takeHead(headers: IncomingHttpHeaders): void {
    const status = Number(headers[":status"]);
    const type = headers["content-type"] ?? "";
    if (status !== 200 || !type.startsWith("application/grpc")) {
      const message = `what answers is no controller: HTTP status ${status}, content type "${type}"`;
      this.#over({ kind: "failed", message });
    } else if (headers["grpc-status"] !== undefined) {
      this.#takeTrailers(headers);
    } else if (!this.#isOver) {
      this.#listener.onOpen();
    }
  }

  #takeTrailers(headers: IncomingHttpHeaders): void {
    const status = String(headers["grpc-status"] ?? "");
    this.#end ??= streamEndOf(status, String(headers["grpc-message"] ?? ""));
    this.#over(this.#end);
  }

  #takeBytes(chunk: Uint8Array): void {
    const problem = this.#reader.push(chunk, (message) => {
      if (!this.#isOver) this.#takeMessage(message);
    });
    if (problem !== undefined) this.#over({ kind: "failed", message: describe(problem) });
  }

  #takeMessage(message: Uint8Array): void {
    const response = this.#decode(message);
    if (response !== undefined) this.#listener.onResponse(response);
  }

  #decode(message: Uint8Array): DeltaResponse | undefined {
    try {
      return decodeDeltaResponse(message);
    } catch (error) {
      this.#over({ kind: "failed", message: `the controller sent what is no response: ${messageOf(error)}` });
      return undefined;
    }
  }

  #over(end: StreamEnd): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.onEnd(end);
  }
}

function describe(problem: MessageProblem): string {
  switch (problem.kind) {
    case "too-large":
      return `the controller sent a message of ${problem.bytes} bytes, more than ${MOST_MESSAGE_BYTES}`;
    case "compressed":
      return "the controller sent a compressed message, which it was not offered";
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
