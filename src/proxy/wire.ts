import net from "node:net";
import { OutBuffer } from "../http1/out-buffer.ts";
import { beginTurn } from "./turn-clock.ts";

/**
 * A TCP connection as the data path needs it: reads arrive in one buffer that all connections share, writes are
 * gathered and go to the kernel in one call.
 *
 * This file is the only one that touches `_handle`, which is private in Node. It relies on two things, both checked
 * by its tests: a server's handle calls `onconnection` with the accepted handle, and `writeBuffer(null, view)`
 * returns 0 when the kernel took everything, a negative errno, or a request object that completes later
 * (Node 26.10). Going around the stream machinery for writes saves about a microsecond a message; going around
 * `net.Server`'s own sockets saves one `net.Socket` per connection.
 */

/** What the owner of a connection is told. What these throw is a defect, and reaches the owner as `onDefect`. */
export interface WireOwner {
  /** The dialled connection stands. Accepted ones never call this. */
  onConnected(): void;
  /** `length` bytes at the start of `buffer`. The buffer is shared by all connections: dead when the call returns. */
  onBytes(buffer: Buffer, length: number): void;
  /** The peer sent its last byte; writing goes on. */
  onPeerEnd(): void;
  /** All bytes that waited have gone to the kernel. Only called after `isCongested` was seen true. */
  onDrained(): void;
  /** The peer takes nothing any more. Not called from within a call of the owner's. Reading goes on. */
  onWriteFailed(): void;
  /** One of these threw: the owner should end what it was doing. If this throws too, the connection is cut. */
  onDefect(error: unknown): void;
  /** The last event, exactly once: closed by either side, or failed. */
  onClosed(error: NodeJS.ErrnoException | undefined): void;
}

/** Owns a connection that is being closed, or whose owner is about to be known. */
export const IGNORING_OWNER: WireOwner = {
  onConnected: () => undefined,
  onBytes: () => undefined,
  onPeerEnd: () => undefined,
  onDrained: () => undefined,
  onWriteFailed: () => undefined,
  onDefect: () => undefined,
  onClosed: () => undefined,
};

interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  callback: Wire | null;
  bytes: number;
  buffer: OutBuffer | null;
}

interface RawHandle {
  reading: boolean;
  readonly fd: number;
  readonly writeQueueSize: number;
  readStart(): number;
  readStop(): number;
  getpeername(out: object): number;
  writeBuffer(request: null, view: Uint8Array): number | WriteRequest;
}

interface WireSocket extends net.Socket {
  _handle: RawHandle | null;
  wire: Wire;
  failure: NodeJS.ErrnoException | undefined;
}

/** A read of 64 KiB is what one event of a busy connection brings at most. */
const READ_BUFFER_BYTES = 65_536;
/** Out buffers that grew beyond this are not kept. */
const POOLED_OUT_BUFFER_BYTES = 131_072;
/** All that are kept together: bulk transfers would else leave a trail of garbage, or a pool of megabytes. */
const POOLED_BYTES = 1_048_576;
const OUT_BUFFER_BYTES = 16_384;
/** Linux keeps what is left of a closed connection for 60 s (tcp_fin_timeout). */
const PROBE_DELAY_MS = 65_000;

const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
const freeOutBuffers: OutBuffer[] = [];
let freeBytes = 0;

function takeOutBuffer(): OutBuffer {
  const out = freeOutBuffers.pop();
  if (out === undefined) return new OutBuffer(OUT_BUFFER_BYTES);
  freeBytes -= out.buffer.length;
  return out;
}

function giveOutBuffer(out: OutBuffer): void {
  const size = out.buffer.length;
  if (size > POOLED_OUT_BUFFER_BYTES || freeBytes + size > POOLED_BYTES) return;
  out.reset();
  freeBytes += size;
  freeOutBuffers.push(out);
}

const onread: net.OnReadOpts = {
  buffer: readBuffer,
  callback(this: WireSocket, length: number): boolean {
    beginTurn();
    const { wire } = this;
    try {
      wire.owner.onBytes(readBuffer, length);
    } catch (error) {
      wire.failed(error);
    }
    return true;
  },
};

function onConnect(this: WireSocket): void {
  beginTurn();
  try {
    this.wire.owner.onConnected();
  } catch (error) {
    this.wire.failed(error);
  }
}

function onEnd(this: WireSocket): void {
  beginTurn();
  try {
    this.wire.owner.onPeerEnd();
  } catch (error) {
    this.wire.failed(error);
  }
}

function onError(this: WireSocket, error: NodeJS.ErrnoException): void {
  this.failure = error;
}

function onClose(this: WireSocket): void {
  beginTurn();
  try {
    this.wire.closed(this.failure);
  } catch (error) {
    this.wire.failed(error);
  }
}

function onWriteComplete(this: WriteRequest, status: number): void {
  const { callback: wire, buffer } = this;
  if (wire === null || buffer === null) return;
  this.callback = null;
  this.buffer = null;
  giveOutBuffer(buffer);
  beginTurn();
  try {
    wire.written(this.bytes, status);
  } catch (error) {
    wire.failed(error);
  }
}

function tellOfBrokenWrite(wire: Wire): void {
  if (wire.isClosed) return;
  beginTurn();
  try {
    wire.owner.onWriteFailed();
  } catch (error) {
    wire.failed(error);
  }
}

export class Wire {
  owner: WireOwner;
  /** Bytes that were given to the kernel and that it has not taken yet. */
  #inFlightBytes = 0;
  #sentBytes = 0;
  #out: OutBuffer | undefined;
  readonly #socket: WireSocket;
  #isWriteBroken = false;
  /** FIN goes out once nothing waits any more. */
  #isEnding = false;
  #isEnded = false;
  #isClosed = false;
  readonly #highWaterBytes: number;

  constructor(socket: net.Socket, owner: WireOwner, highWaterBytes: number) {
    this.owner = owner;
    this.#highWaterBytes = highWaterBytes;
    this.#socket = socket as WireSocket;
    this.#socket.wire = this;
    this.#socket.failure = undefined;
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  /** Where to append what is to be written; `flush` sends it. */
  get out(): OutBuffer {
    return (this.#out ??= takeOutBuffer());
  }

  /** Bytes that wait in this process for the peer to take them. */
  get pendingBytes(): number {
    const out = this.#out;
    return out === undefined ? this.#inFlightBytes : this.#inFlightBytes + out.length;
  }

  /** Bytes written since the connection stands, those that wait included. */
  get bytesWritten(): number {
    const out = this.#out;
    return out === undefined ? this.#sentBytes : this.#sentBytes + out.length;
  }

  /** What of a write the kernel has not taken: less than before means that the peer still takes something. */
  get untakenBytes(): number {
    return this.#socket._handle?.writeQueueSize ?? 0;
  }

  /** True while more than the high-water mark waits for the peer: whoever feeds this connection must pause. */
  get isCongested(): boolean {
    return this.pendingBytes > this.#highWaterBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#socket.destroyed;
  }

  /**
   * Sends what was appended to `out`: straight to the kernel. While an earlier write waits there, what comes after it
   * is gathered here: many small writes to a peer that takes none would else each hold a buffer of their own.
   */
  flush(): void {
    const out = this.#out;
    if (out === undefined || this.#inFlightBytes > 0) return;
    this.#out = undefined;
    const handle = this.#socket._handle;
    if (out.length === 0 || handle === null || this.#isWriteBroken || this.#isEnded) {
      giveOutBuffer(out);
      return;
    }
    const view = out.view();
    this.#sentBytes += view.length;
    const result = handle.writeBuffer(null, view);
    if (typeof result === "number") {
      giveOutBuffer(out);
      if (result < 0) this.#breakWrites();
      return;
    }
    // The bytes must stay as they are until the request completes, which it does in any case.
    result.oncomplete = onWriteComplete;
    result.callback = this;
    result.bytes = view.length;
    result.buffer = out;
    this.#inFlightBytes = view.length;
  }

  #breakWrites(): void {
    if (this.#isWriteBroken) return;
    this.#isWriteBroken = true;
    process.nextTick(tellOfBrokenWrite, this);
  }

  /** @internal A waiting write has ended. */
  written(bytes: number, status: number): void {
    this.#inFlightBytes -= bytes;
    if (this.isClosed) return;
    if (status < 0) this.#breakWrites();
    this.flush();
    if (this.#inFlightBytes > 0) return;
    if (this.#isEnding) this.#sendEnd();
    this.owner.onDrained();
  }

  /** @internal The owner threw. */
  failed(error: unknown): void {
    try {
      this.owner.onDefect(error);
    } catch {
      this.destroy();
    }
  }

  /** @internal */
  closed(error: NodeJS.ErrnoException | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#out !== undefined) giveOutBuffer(this.#out);
    this.#out = undefined;
    this.owner.onClosed(error);
  }

  /** The peer no longer takes what is written. Reading goes on: its answer may be on the way. */
  get isWriteBroken(): boolean {
    return this.#isWriteBroken;
  }

  pause(): void {
    const handle = this.#socket._handle;
    if (handle === null || !handle.reading) return;
    handle.reading = false;
    handle.readStop();
  }

  resume(): void {
    const handle = this.#socket._handle;
    if (handle === null || handle.reading || this.#socket.connecting) return;
    handle.reading = true;
    if (handle.readStart() < 0) this.destroy();
  }

  /**
   * After the peer's FIN: has the kernel find out by itself whether the peer is still there. A process that closed its
   * socket for good looks like one that only ended its side, until its kernel forgets the connection after a minute and
   * answers probes by RST. Probes before that would make it remember for longer.
   */
  probePeer(): void {
    this.#socket.setKeepAlive(true, PROBE_DELAY_MS);
  }

  /** The connection is broken. After FIN nothing else tells: there is nothing more to read. */
  get isPeerGone(): boolean {
    const handle = this.#socket._handle;
    return handle === null || handle.getpeername({}) < 0;
  }

  /** Sends what is left and then FIN; reading goes on. Nothing can be written any more. */
  end(): void {
    if (this.#isEnding) return;
    this.flush();
    this.#isEnding = true;
    if (this.#inFlightBytes === 0) this.#sendEnd();
  }

  #sendEnd(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.end();
  }

  /** Closes at once. Unread input makes the kernel send RST. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes with RST, so that the peer can't take what it got for all there was. */
  reset(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // libuv refuses to reset while FIN is on its way, and Node then loses the handle. All was written by then.
    if (this.#isEnded && !socket.writableFinished) socket.destroy();
    else socket.resetAndDestroy();
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? "";
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }
}

/** Connects to an IP address. The owner hears `onConnected`, or `onClosed` with the reason. */
export function dialWire(
  address: { readonly host: string; readonly port: number },
  owner: WireOwner,
  highWaterBytes: number,
): Wire {
  const socket = net.connect({
    host: address.host,
    port: address.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
    allowHalfOpen: true,
    onread,
  });
  const wire = new Wire(socket, owner, highWaterBytes);
  socket.on("connect", onConnect);
  return wire;
}

/** An accepted connection without owner: make it a wire or destroy it, in the same turn. */
export interface AcceptedSocket {
  readonly socket: net.Socket;
}

export function wireOf(accepted: AcceptedSocket, owner: WireOwner, highWaterBytes: number): Wire {
  return new Wire(accepted.socket, owner, highWaterBytes);
}

/** The file descriptor of an accepted connection, for socket options; -1 once closed. */
export function acceptedFd(accepted: AcceptedSocket): number {
  return (accepted.socket as WireSocket)._handle?.fd ?? -1;
}

interface RawServer extends net.Server {
  _handle: { onconnection: (error: number, handle: RawHandle | undefined) => void } | null;
}

/** A listening socket. Closing it leaves accepted connections alone. */
export interface WireListener extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/**
 * Listens on an IP address and port.
 * @param onDefect told what `onAccept` threw; the connection is closed
 * @throws the errno exception of `listen`, for example EADDRINUSE or EACCES
 */
export async function listenForWires(
  address: { readonly host: string; readonly port: number },
  onAccept: (accepted: AcceptedSocket) => void,
  onDefect: (error: unknown) => void,
): Promise<WireListener> {
  const server = net.createServer();
  const isIpv6 = net.isIPv6(address.host);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address.host, port: address.port, backlog: 4096, ipv6Only: isIpv6 }, resolve);
  });
  const { _handle: handle } = server as RawServer;
  if (handle === null) throw new Error("the listening socket has no handle");
  handle.onconnection = (error, accepted) => {
    if (error !== 0 || accepted === undefined) return;
    beginTurn();
    const socket = socketOf(accepted);
    try {
      onAccept({ socket });
    } catch (defect) {
      onDefect(defect);
      socket.destroy();
    }
  };
  const bound = server.address();
  return {
    address: address.host,
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

function socketOf(handle: RawHandle): net.Socket {
  // `handle` is an option of net.Socket that the types leave out.
  const options = { handle, onread, allowHalfOpen: true };
  const socket = new net.Socket(options as unknown as net.SocketConstructorOpts);
  socket.setNoDelay(true);
  return socket;
}
