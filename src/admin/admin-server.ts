import { createServer, type Server, type Socket } from "node:net";
import { AdminConnection, type ConnectionContext } from "./admin-connection.ts";
import { ADMIN_LIMITS, type AdminLimits, type Schedule } from "./admin-limits.ts";
import type { AdminRoutes } from "./admin-routes.ts";

export interface AdminOptions {
  /** Empty for every address of both families. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly routes: AdminRoutes;
  /** Told of endpoints that fail; the client is answered 500. */
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<AdminLimits>;
  /** For tests; timers that keep no process alive without it. */
  readonly schedule?: Schedule;
}

/** Disposed, it takes no more connections, ends those that wait and lets answers under way end, within a second. */
export interface AdminServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/** Rejects with the error of the system where the address can't be bound. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { routes, onError, schedule = later } = options;
  const limits = { ...ADMIN_LIMITS, ...options.limits };
  const connections = new ConnectionTable({ routes, onError, schedule, limits });
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
    connections.add(socket),
  );
  await listen(server, options);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("no address after listening");
  return {
    address: bound.address,
    port: bound.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await connections.close();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: AdminOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, ...(host === "" ? {} : { host }) }, () => {
    server.off("error", reject);
    // What can fail after this is one accept (too many open files); the next one may succeed.
    server.on("error", () => undefined);
    resolve();
  });
  return promise;
}

/** The open connections: those that wait for a request, and those being answered, each the longest first. */
class ConnectionTable {
  readonly #context: ConnectionContext;
  readonly #waiting = new Set<AdminConnection>();
  readonly #answering = new Set<AdminConnection>();
  #onEmpty: (() => void) | undefined;

  constructor(context: ConnectionContext) {
    this.#context = context;
  }

  add(socket: Socket): void {
    if (this.#count() >= this.#context.limits.maxConnections) this.#makeRoom();
    const connection = new AdminConnection(socket, this.#context);
    this.#waiting.add(connection);
    void this.#serve(connection);
  }

  /** A connection that stays open for nothing must not keep a probe or a scrape out. */
  #makeRoom(): void {
    const [oldest] = this.#waiting.size > 0 ? this.#waiting : this.#answering;
    if (oldest === undefined) return;
    this.#remove(oldest);
    oldest.destroy();
  }

  async #serve(connection: AdminConnection): Promise<void> {
    await connection.serve(() => {
      if (!this.#remove(connection)) return;
      if (connection.isAnswering) this.#answering.add(connection);
      else this.#waiting.add(connection);
    });
    this.#remove(connection);
    if (this.#count() === 0) this.#onEmpty?.();
  }

  #remove(connection: AdminConnection): boolean {
    return this.#waiting.delete(connection) || this.#answering.delete(connection);
  }

  #count(): number {
    return this.#waiting.size + this.#answering.size;
  }

  async close(): Promise<void> {
    if (this.#count() === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    for (const connection of [...this.#waiting, ...this.#answering]) connection.finish();
    const cancel = this.#context.schedule(this.#context.limits.closeTimeoutMs, () => {
      for (const connection of [...this.#waiting, ...this.#answering]) connection.destroy();
    });
    await promise;
    cancel();
  }
}

const later: Schedule = (delayMs, run) => {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
};
