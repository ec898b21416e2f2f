import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";

/** PEM of a certificate with its chain, and of its private key. */
export interface ServedCertificate {
  readonly chain: string;
  readonly key: string;
}

export interface CertificateSource {
  /** Undefined while there is none: connections are refused. */
  current(): ServedCertificate | undefined;
  /** Calls back after each change; the returned function ends that. */
  onChange(listener: () => void): () => void;
}

/**
 * Why a connection was not served. `plain-text`: its first byte began no TLS; `handshake`: TLS did not come about, with
 * an old version for example; `timeout`: no handshake in time; `no-http2`: the client did not ask for HTTP/2.
 */
export type RefusedConnectionReason =
  | "plain-text"
  | "handshake"
  | "timeout"
  | "no-http2"
  | "no-certificate"
  | "too-many";

export interface TlsListenerOptions {
  readonly certificates: CertificateSource;
  readonly maxConnections: number;
  /** From the first packet to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** A connection that brought no byte for so long, or up to twice as long, is cut. */
  readonly silenceMs: number;
  /** A connection that speaks TLS and HTTP/2, nothing of which was read yet. */
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onRefused: (reason: RefusedConnectionReason) => void;
  /** A certificate that can't be used; the one before stays. */
  readonly onBadCertificate: (error: Error) => void;
}

/** The first byte of a TLS record that holds a handshake (RFC 8446 section 5.1). */
const HANDSHAKE = 0x16;

const TLS_OPTIONS = { minVersion: "TLSv1.3", ALPNProtocols: ["h2"] } as const;

interface Connection {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  isSecure: boolean;
  /** At the last look. */
  bytesRead: number;
}

/**
 * Accepts TLS 1.3 and nothing else. The certificate changes without a restart, and open connections keep theirs. Plain
 * text is told by the first byte, before any of it is read as anything.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  /** By peer. */
  readonly #connections = new Map<string, Connection>();
  readonly #stopFollowing: () => void;
  #sweep: NodeJS.Timeout | undefined;
  #hasCertificate = false;

  constructor(options: TlsListenerOptions) {
    this.#options = options;
    this.#tls = createTlsServer(TLS_OPTIONS);
    this.#tls.on("secureConnection", (socket) => this.#onSecure(socket));
    this.#tls.on("tlsClientError", (_error, socket) => {
      options.onRefused("handshake");
      socket.destroy();
    });
    this.#tcp = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
    this.#tcp.maxConnections = options.maxConnections;
    this.#tcp.on("drop", () => options.onRefused("too-many"));
    this.#useCertificate();
    this.#stopFollowing = options.certificates.onChange(() => this.#useCertificate());
  }

  /** Rejects where the address can't be bound. Returns the port. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once("error", reject);
      this.#tcp.listen({ host, port }, () => {
        this.#tcp.off("error", reject);
        // Accepting may fail for want of descriptors; the next attempt may not.
        this.#tcp.on("error", () => this.#options.onRefused("too-many"));
        this.#sweep = setInterval(() => this.#cutSilent(), this.#options.silenceMs);
        const address = this.#tcp.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** No new connections; those that are through with their handshake stay. */
  stop(): void {
    this.#stopFollowing();
    this.#tcp.close();
    for (const { socket, isSecure } of this.#connections.values()) if (!isSecure) socket.destroy();
  }

  /** Cuts the connection of a peer (`address:port`); without a peer, all. */
  destroy(peer?: string): void {
    if (peer !== undefined) this.#connections.get(peer)?.socket.destroy();
    else for (const { socket } of this.#connections.values()) socket.destroy();
  }

  /** Resolves once no connection is open any more. */
  async drained(): Promise<void> {
    const closed = ({ socket }: Connection): Promise<void> =>
      new Promise((resolve) => {
        socket.once("close", () => resolve());
      });
    await Promise.all([...this.#connections.values()].map(closed));
    clearInterval(this.#sweep);
  }

  /**
   * Pings find a peer that is gone. But an HTTP/2 session that a protocol error ended may never close its socket (seen
   * with Node 26.10, where the peer was reset at that moment), and nobody pings on it any more.
   */
  #cutSilent(): void {
    for (const connection of this.#connections.values()) {
      const { bytesRead } = connection.socket;
      if (bytesRead === connection.bytesRead) connection.socket.destroy();
      connection.bytesRead = bytesRead;
    }
  }

  #useCertificate(): void {
    const { certificates, onBadCertificate } = this.#options;
    const certificate = certificates.current();
    if (certificate === undefined) return;
    try {
      this.#tls.setSecureContext({ ...TLS_OPTIONS, cert: certificate.chain, key: certificate.key });
      this.#hasCertificate = true;
    } catch (error) {
      onBadCertificate(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onConnection(socket: Socket): void {
    const { handshakeTimeoutMs } = this.#options;
    const peer = peerOf(socket);
    const timer = setTimeout(() => this.#refuse(socket, "timeout"), handshakeTimeoutMs);
    this.#connections.set(peer, { socket, timer, isSecure: false, bytesRead: -1 });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      this.#connections.delete(peer);
    });
    socket.once("readable", () => this.#onFirstBytes(socket));
  }

  #onFirstBytes(socket: Socket): void {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) socket.destroy();
    else if (bytes[0] !== HANDSHAKE) this.#refuse(socket, "plain-text");
    else if (!this.#hasCertificate) this.#refuse(socket, "no-certificate");
    else {
      socket.unshift(bytes);
      this.#tls.emit("connection", socket);
    }
  }

  #onSecure(socket: TLSSocket): void {
    const connection = this.#connections.get(peerOf(socket));
    clearTimeout(connection?.timer);
    if (connection !== undefined) connection.isSecure = true;
    socket.on("error", () => socket.destroy());
    if (socket.alpnProtocol === "h2") this.#options.onSecure(socket);
    else this.#refuse(socket, "no-http2");
  }

  #refuse(socket: Socket, reason: RefusedConnectionReason): void {
    this.#options.onRefused(reason);
    socket.destroy();
  }
}

/** What names a connection while it is open. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
