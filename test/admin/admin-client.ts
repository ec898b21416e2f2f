import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connects and sends; what comes back is gathered until the server closes. */
export class AdminClient implements AsyncDisposable {
  readonly socket: Socket;
  received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
    });
    socket.on("error", () => undefined);
  }

  static async connect(port: number): Promise<AdminClient> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const client = new AdminClient(socket);
    await once(socket, "connect");
    return client;
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** What was received once it contains a text; waits for it. Fails when the server closes before. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.socket.readableEnded) throw new Error(`closed after ${JSON.stringify(this.received)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      const onEvent = (): void => resolve();
      this.socket.once("data", onEvent).once("end", onEvent).once("close", onEvent);
      await promise;
    }
    return this.received;
  }

  /** Everything up to the server's close. */
  async untilClosed(): Promise<string> {
    if (!this.socket.readableEnded && !this.socket.closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const onEvent = (): void => resolve();
      this.socket.once("end", onEvent).once("close", onEvent);
      await promise;
    }
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, "close");
    this.socket.destroy();
    await closed;
  }
}
