import type { Destination } from "../configuration.ts";
import type { Proxy } from "../proxy.ts";
import { listenForWires, type WireListener } from "../wire.ts";

/** An address that could not be bound. */
export interface ListenError {
  readonly destination: Destination;
  readonly message: string;
}

/**
 * Captures by listening on the addresses of the Services themselves: the local address of a connection is its
 * original destination. For machines where Services have loopback addresses.
 */
export class ListenCapture implements AsyncDisposable {
  readonly #proxy: Proxy;
  readonly #listeners = new Map<string, WireListener>();
  #errors: readonly ListenError[] = [];
  #updates: Promise<void> = Promise.resolve();

  constructor(proxy: Proxy) {
    this.#proxy = proxy;
  }

  /** Binds what is new, closes what is gone. Connections that were accepted stay. */
  update(destinations: ReadonlyMap<string, Destination>): Promise<readonly ListenError[]> {
    const update = this.#updates.then(() => this.#change(destinations));
    this.#updates = update;
    return update.then(() => this.#errors);
  }

  async #change(destinations: ReadonlyMap<string, Destination>): Promise<void> {
    const gone = [...this.#listeners].filter(([name]) => !destinations.has(name));
    for (const [name, listener] of gone) {
      this.#listeners.delete(name);
      await listener[Symbol.asyncDispose]();
    }
    const errors: ListenError[] = [];
    for (const [name, destination] of destinations) {
      if (this.#listeners.has(name)) continue;
      try {
        this.#listeners.set(name, await this.#listen(destination));
      } catch (error) {
        errors.push({ destination, message: bindMessage(name, error) });
      }
    }
    this.#errors = errors;
  }

  #listen(destination: Destination): Promise<WireListener> {
    return listenForWires(
      { host: destination.address, port: destination.port },
      (accepted) => this.#proxy.accept(accepted, destination, false),
      (error) => this.#proxy.reportDefect(error),
    );
  }

  /** The addresses bound now. */
  get size(): number {
    return this.#listeners.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.update(new Map());
  }
}

function bindMessage(name: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "EADDRINUSE":
      return `${name} can't be bound: the address is in use`;
    case "EADDRNOTAVAIL":
      return `${name} can't be bound: no interface of this machine has the address`;
    case "EACCES":
      return `${name} can't be bound: ports below 1024 need a privilege`;
    default:
      return `${name} can't be bound: ${String(error)}`;
  }
}
