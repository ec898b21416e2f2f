import type { Socket } from "node:net";
import type { AdminLimits, Schedule } from "./admin-limits.ts";
import { type AdminResponse, type AdminRoutes, answerRequest, textResponse } from "./admin-routes.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseWriter } from "./response-writer.ts";

export interface ConnectionContext {
  readonly routes: AdminRoutes;
  readonly limits: AdminLimits;
  readonly schedule: Schedule;
  /** An endpoint failed, which is a defect of ours. */
  readonly onError: (error: unknown) => void;
}

/** Serves one client: its requests one after the other, pipelined ones too. */
export class AdminConnection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #reader: RequestReader;
  readonly #writer: ResponseWriter;
  #isAnswering = false;
  #isClosing = false;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#reader = new RequestReader(socket, context.limits, context.schedule);
    this.#writer = new ResponseWriter(socket, context.limits, context.schedule);
    // Whatever goes wrong with a connection, its end follows, and that is what is waited for.
    socket.on("error", () => undefined);
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Resolves when the connection is closed. `onTurn` is told whenever an answer begins or ends. */
  async serve(onTurn: () => void): Promise<void> {
    let isGoingOn = true;
    while (isGoingOn && !this.#isClosing) isGoingOn = await this.#serveOne(onTurn);
    await this.#close();
  }

  /** Closes once the answer under way is written; at once where there is none. */
  finish(): void {
    this.#isClosing = true;
    this.#reader.stop();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether another request may follow. */
  async #serveOne(onTurn: () => void): Promise<boolean> {
    const incoming = await this.#reader.read();
    if (incoming.kind === "ended") return false;
    this.#isAnswering = true;
    onTurn();
    try {
      if (incoming.kind === "refused") {
        const { status, message } = incoming;
        const framing = { isHead: false, canChunk: true, isLast: true };
        await this.#writer.write(textResponse(status, message), framing);
        return false;
      }
      const response = await this.#answer(() => answerRequest(this.#context.routes, incoming.request));
      const isLast = incoming.framing.isLast || this.#isClosing;
      await this.#writer.write(response, { ...incoming.framing, isLast });
      return !isLast;
    } catch (error) {
      this.#context.onError(error);
      this.#socket.destroy();
      return false;
    } finally {
      this.#isAnswering = false;
      onTurn();
    }
  }

  async #answer(handle: () => AdminResponse | Promise<AdminResponse>): Promise<AdminResponse> {
    try {
      return await handle();
    } catch (error) {
      this.#context.onError(error);
      return textResponse(500, "This endpoint failed, which is a defect of the proxy. Its log says more.");
    }
  }

  /** Lets the client read to the end: closing with bytes unread would reset the connection under the last answer. */
  async #close(): Promise<void> {
    const socket = this.#socket;
    const { limits, schedule } = this.#context;
    if (socket.closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("close", () => resolve());
    this.#reader.discard();
    socket.end();
    const cancel = schedule(limits.closeTimeoutMs, () => socket.destroy());
    await promise;
    cancel();
  }
}
