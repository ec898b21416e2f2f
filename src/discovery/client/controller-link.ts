import { messageOf } from "../../resources/error-message.ts";
import type {
  ClientClock,
  ClientLog,
  DeltaRequest,
  DeltaResponse,
  DiscoveryStream,
  DiscoveryTransport,
  StreamEnd,
} from "./client-ports.ts";
import { reconnectDelayMs } from "./reconnect-delay.ts";
import { ReplicaChoice } from "./replica-choice.ts";

/**
 * How long an attempt may take, from the look-up of the addresses till the controller took the stream: long enough for
 * one that thousands of sidecars come to at once, so that none of its handshakes is for nothing.
 */
const ATTEMPT_MS = 15_000;
/** A stream that lasted this long shows that the controller is well: what fails next fails for the first time. */
const HEALTHY_MS = 10_000;
/** Of failures that go on, one is told of in this time. */
const REPORT_EVERY_MS = 60_000;

export interface LinkOwner {
  /** A stream begins, on which nothing was said yet: time to subscribe. */
  onStream(): void;
  onConnected(): void;
  onResponse(response: DeltaResponse): void;
  onWritable(): void;
  /** The stream is no more, or could not be had; another one is on the way. */
  onLost(): void;
}

export interface LinkOptions {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly log: ClientLog;
  readonly transport: DiscoveryTransport;
  readonly owner: LinkOwner;
}

/** What is known of the way to the controller. */
export interface ConnectionView {
  readonly isConnected: boolean;
  /** When that last changed, by the clock. */
  readonly sinceMs: number;
  /** Of the replica that is connected to, or was last. */
  readonly address: string | undefined;
  readonly lastError: string | undefined;
}

/** Keeps one stream to one replica of the controller, for as long as it runs. */
export class ControllerLink {
  readonly #options: LinkOptions;
  readonly #choice = new ReplicaChoice();
  /** Counts attempts, so that what a former one still says is known for old. */
  #attempt = 0;
  #stream: DiscoveryStream | undefined;
  #timer: { stop(): void } | undefined;
  #isWritable = false;
  #isStopped = false;
  #failures = 0;
  #replicas = 1;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #isConnected = false;
  #sinceMs: number;
  /** Of this attempt. */
  #dialled: string | undefined;
  #address: string | undefined;
  #lastError: string | undefined;
  /** An answer can be waited for: connected, on the way to be, or to another replica. */
  isHopeful = true;
  connects = 0;
  losses = 0;
  failedAttempts = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.now();
  }

  get view(): ConnectionView {
    return {
      isConnected: this.#isConnected,
      sinceMs: this.#sinceMs,
      address: this.#address,
      lastError: this.#lastError,
    };
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** There is a stream that has room for a request. */
  get isWritable(): boolean {
    return this.#stream !== undefined && this.#isWritable;
  }

  start(): void {
    if (!this.#isStopped) void this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.isHopeful = false;
    this.#attempt++;
    this.#timer?.stop();
    this.#stream?.close();
    this.#stream = undefined;
    this.#setConnected(false);
  }

  /** Without a stream it goes nowhere: what matters is said again on the next one. */
  send(request: DeltaRequest): void {
    if (this.#stream !== undefined) this.#isWritable = this.#stream.send(request);
  }

  async #connect(): Promise<void> {
    const { clock, transport } = this.#options;
    const attempt = ++this.#attempt;
    this.#dialled = undefined;
    this.#timer = clock.startTimer(() => {
      this.#end(attempt, { kind: "failed", message: "the controller did not answer in time" });
    }, ATTEMPT_MS);
    try {
      const addresses = await transport.resolve();
      if (attempt === this.#attempt) this.#open(attempt, addresses);
    } catch (error) {
      this.#end(attempt, { kind: "failed", message: messageOf(error) });
    }
  }

  #open(attempt: number, addresses: readonly string[]): void {
    const { random, transport, owner } = this.#options;
    this.#replicas = Math.max(1, addresses.length);
    const address = this.#choice.pick(addresses, random());
    if (address === undefined) {
      this.#end(attempt, { kind: "failed", message: "the controller has no addresses" });
      return;
    }
    this.#dialled = address;
    const isCurrent = (): boolean => attempt === this.#attempt;
    this.#isWritable = true;
    this.#stream = transport.open(address, {
      onOpen: () => {
        if (isCurrent()) this.#connected();
      },
      onResponse: (response) => {
        if (isCurrent()) owner.onResponse(response);
      },
      onWritable: () => {
        if (!isCurrent()) return;
        this.#isWritable = true;
        owner.onWritable();
      },
      onEnd: (end) => this.#end(attempt, end),
    });
    owner.onStream();
  }

  #connected(): void {
    if (this.#isConnected) return;
    this.#timer?.stop();
    this.#choice.reset();
    this.#address = this.#dialled;
    this.connects++;
    this.isHopeful = true;
    this.#setConnected(true);
    this.#reportedMs = Number.NEGATIVE_INFINITY;
    this.#options.log.info("connected to the controller", { address: this.#address ?? "" });
    this.#options.owner.onConnected();
  }

  #end(attempt: number, end: StreamEnd): void {
    if (attempt !== this.#attempt) return;
    const { clock, random, owner } = this.#options;
    this.#attempt++;
    this.#timer?.stop();
    this.#stream?.close();
    this.#stream = undefined;
    if (this.#dialled !== undefined) this.#choice.avoid(this.#dialled);
    this.#count(end);
    const delayMs = reconnectDelayMs(Math.floor(this.#failures / this.#replicas), random());
    this.#failures++;
    this.#setConnected(false);
    this.#timer = clock.startTimer(() => void this.#connect(), delayMs);
    owner.onLost();
  }

  #count(end: StreamEnd): void {
    const { clock } = this.#options;
    if (this.#isConnected) {
      this.losses++;
      if (clock.now() - this.#sinceMs >= HEALTHY_MS) this.#failures = 0;
    } else {
      this.failedAttempts++;
    }
    const isMove = end.kind === "moved" && this.#isConnected;
    if (!isMove) this.isHopeful = false;
    this.#lastError = end.message;
    this.#report(end.message, isMove);
  }

  #report(error: string, isMove: boolean): void {
    const { clock, log } = this.#options;
    const fields = { address: this.#dialled ?? "", error };
    if (isMove) {
      log.info("the controller asks to go to another replica", fields);
      return;
    }
    if (clock.now() - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = clock.now();
    const what = this.#isConnected
      ? "the connection to the controller is lost"
      : "the controller can't be reached";
    log.warn(`${what}; what was learned stays in force`, fields);
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#sinceMs = this.#options.clock.now();
  }
}
