import { reportDefect } from "./defect.ts";
import type { Counter, ProxyLog } from "./ports.ts";
import type { Wire, WireOwner } from "./wire.ts";

export interface TunnelOptions {
  readonly log: ProxyLog;
  readonly client: Wire;
  readonly server: Wire;
  /** Bytes read from the client before the tunnel began, which the caller counts. */
  readonly fromClient: Buffer | undefined;
  /** Bytes read from the server before the tunnel began, which the caller counts. */
  readonly fromServer: Buffer | undefined;
  /** The client's last byte came before the tunnel began. */
  readonly hasClientEnded: boolean;
  readonly sent: Counter;
  readonly received: Counter;
  /** Both directions are over. */
  readonly onEnd: () => void;
}

/**
 * Carries bytes both ways between two connections without looking at them. FIN is passed on in each direction by
 * itself, so that half-closed connections go on; RST is passed on as RST, so that no side takes a broken stream for
 * a complete one.
 */
export function startTunnel(options: TunnelOptions): void {
  const client = new TunnelEnd(options.client, options.sent, options.log);
  const server = new TunnelEnd(options.server, options.received, options.log);
  let open = 2;
  const onClosed = (): void => {
    if (--open === 0) options.onEnd();
  };
  client.join(server, onClosed);
  server.join(client, onClosed);
  if (options.fromClient !== undefined) client.carry(options.fromClient);
  if (options.fromServer !== undefined) server.carry(options.fromServer);
  if (options.hasClientEnded) client.onPeerEnd();
  client.start();
  server.start();
}

class TunnelEnd implements WireOwner {
  readonly wire: Wire;
  /** Counts what this end read. */
  readonly #bytes: Counter;
  readonly #log: ProxyLog;
  #peer: TunnelEnd | undefined;
  #onEnded: (() => void) | undefined;

  constructor(wire: Wire, bytes: Counter, log: ProxyLog) {
    this.wire = wire;
    this.#bytes = bytes;
    this.#log = log;
    wire.owner = this;
  }

  join(peer: TunnelEnd, onEnded: () => void): void {
    this.#peer = peer;
    this.#onEnded = onEnded;
  }

  start(): void {
    if (this.wire.isClosed) {
      this.onClosed(undefined);
    } else if (this.#peer?.wire.isCongested !== true) {
      this.wire.resume();
    }
  }

  /** Passes on what this end's side sent before the tunnel began. */
  carry(bytes: Buffer): void {
    this.#pass(bytes, 0, bytes.length);
  }

  onConnected(): void {}

  onBytes(buffer: Buffer, length: number): void {
    this.#bytes.add(length);
    this.#pass(buffer, 0, length);
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    const peer = this.#peer?.wire;
    if (peer === undefined || end === start) return;
    peer.out.bytes(bytes, start, end);
    peer.flush();
    if (peer.isCongested) this.wire.pause();
  }

  onDrained(): void {
    this.#peer?.wire.resume();
  }

  onPeerEnd(): void {
    this.#peer?.wire.end();
  }

  /** This side takes nothing any more: the other one must hear of it, even where this one has nothing to say. */
  onWriteFailed(): void {
    this.#break();
  }

  onDefect(error: unknown): void {
    reportDefect(this.#log, error);
    this.#break();
  }

  #break(): void {
    this.wire.reset();
    this.#peer?.wire.reset();
  }

  onClosed(error: NodeJS.ErrnoException | undefined): void {
    const peer = this.#peer;
    const onEnded = this.#onEnded;
    if (onEnded === undefined) return;
    this.#onEnded = undefined;
    if (error !== undefined) peer?.wire.reset();
    else peer?.wire.end();
    // A side that is paused would not see that its peer is gone.
    peer?.wire.resume();
    onEnded();
  }
}
