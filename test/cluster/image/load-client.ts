// Calls services at a steady rate over plain sockets, never sends a request twice, and counts what came of each.
// LOAD: the targets as JSON; LISTEN: the port of /report, /after/N (answers when each target had N more answers),
// /pause (answers when no request is under way) and /resume; PAUSED: "yes" to begin with the first /resume.
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import type { LoadFailure, LoadReport, LoadTarget } from "./load-report.ts";

const ANSWER_TIMEOUT_MS = 15_000;
const KEPT_FAILURES = 20;
/** A third each: what a proxy may send again, what it must not, and what needs a new connection. */
const WAYS = [
  { method: "GET", isKept: true },
  { method: "POST", isKept: true },
  { method: "GET", isKept: false },
];

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly isLast: boolean;
}

/** Reads the first answer in the text; undefined while it is not whole. Framing by length, chunks or the end. */
function readAnswer(text: string, hasEnded: boolean): Answer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const rest = text.slice(end + 4);
  const status = Number(head.slice(9, 12));
  const isLast = /\r\nconnection: *close/i.test(head);
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (length !== undefined) {
    return rest.length < Number(length)
      ? undefined
      : { status, head, body: rest.slice(0, Number(length)), isLast };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    return rest.endsWith("\r\n0\r\n\r\n") ? { status, head, body: rest, isLast } : undefined;
  }
  return hasEnded ? { status, head, body: rest, isLast: true } : undefined;
}

class Target {
  readonly #target: LoadTarget;
  readonly #idle: Socket[] = [];
  readonly #failures: LoadFailure[] = [];
  readonly #answers: Record<string, number> = {};
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #slowestMs = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
  }

  get ended(): number {
    return this.#answered + this.#failed;
  }

  get underWay(): number {
    return this.#sent - this.ended;
  }

  get report(): LoadReport[string] {
    return {
      sent: this.#sent,
      answered: this.#answered,
      failed: this.#failed,
      slowestMs: this.#slowestMs,
      failures: this.#failures,
      answers: this.#answers,
    };
  }

  send(): void {
    const { name, host, port } = this.#target;
    const number = this.#sent++;
    const { method, isKept } = WAYS[number % WAYS.length] ?? { method: "GET", isKept: true };
    const id = `${name}-${number}`;
    const sentAt = Date.now();
    const kept = isKept ? this.#idle.pop() : undefined;
    const socket = kept ?? connect({ host, port, noDelay: true });
    let text = "";
    let isOver = false;
    const over = (what: string | undefined, canKeep: boolean): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.removeAllListeners();
      const afterMs = Date.now() - sentAt;
      this.#slowestMs = Math.max(this.#slowestMs, afterMs);
      if (what === undefined) this.#answered++;
      else {
        this.#failed++;
        const way = `${method} ${kept === undefined ? "fresh" : "kept"}`;
        if (this.#failures.length < KEPT_FAILURES) this.#failures.push({ id, sentAt, afterMs, way, what });
      }
      if (canKeep) this.#keep(socket);
      else {
        socket.on("error", () => undefined);
        socket.destroy();
      }
    };
    const read = (hasEnded: boolean): void => {
      const answer = readAnswer(text, hasEnded);
      if (answer !== undefined) over(this.#judge(answer, id), isKept && !answer.isLast && !hasEnded);
      else if (hasEnded) over(`closed after ${text.length} bytes`, false);
    };
    const timer = setTimeout(() => over(`no answer, ${text.length} bytes`, false), ANSWER_TIMEOUT_MS);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      read(false);
    });
    socket.on("end", () => read(true));
    socket.on("error", (error) => over(error.message, false));
    socket.on("close", () => over(`closed after ${text.length} bytes`, false));
    const body = method === "POST" ? "content-length: 5\r\n\r\nhello" : "\r\n";
    const close = isKept ? "" : "connection: close\r\n";
    socket.write(`${method} /${id} HTTP/1.1\r\nhost: ${name}\r\nx-request-id: ${id}\r\n${close}${body}`);
  }

  /** What is wrong with an answer; undefined where nothing is. */
  #judge({ status, head, body }: Answer, id: string): string | undefined {
    if (status !== 200)
      return `status ${status}: ${/\r\nproxy-status: *(.*)/i.exec(head)?.[1] ?? body.slice(0, 200)}`;
    if (!body.includes(`RequestHeader=X-Request-Id:${id}\n`)) return `the answer to another request: ${body}`;
    const [, version = ""] = /^ServiceVersion=(.*)$/m.exec(body) ?? [];
    const [, route = "-"] = /^RequestHeader=X-Route:(.*)$/m.exec(body) ?? [];
    const key = `${version} ${route}`;
    this.#answers[key] = (this.#answers[key] ?? 0) + 1;
    return undefined;
  }

  #keep(socket: Socket): void {
    const drop = (): void => {
      const at = this.#idle.indexOf(socket);
      if (at >= 0) this.#idle.splice(at, 1);
      socket.destroy();
    };
    socket.on("end", drop);
    socket.on("error", drop);
    socket.on("close", drop);
    // An answer without a request.
    socket.on("data", drop);
    this.#idle.push(socket);
  }
}

const settings = JSON.parse(process.env["LOAD"] ?? "[]") as readonly LoadTarget[];
const targets = new Map(settings.map((target) => [target.name, new Target(target)]));
let isPaused = process.env["PAUSED"] === "yes";
for (const { name, rate } of settings) {
  setInterval(() => {
    if (!isPaused) targets.get(name)?.send();
  }, 1000 / rate);
}

const server = createServer(({ url = "" }, response) => {
  if (url === "/pause") isPaused = true;
  if (url === "/resume") isPaused = false;
  const all = [...targets.values()];
  const [, more] = /^\/after\/(\d+)$/.exec(url) ?? [];
  const wanted = all.map((target) => target.ended + Number(more ?? 0));
  const isDue = (): boolean =>
    url === "/pause"
      ? all.every((target) => target.underWay === 0)
      : all.every((target, index) => target.ended >= (wanted[index] ?? 0));
  const answerWhenDue = (): void => {
    if (!isDue()) {
      setTimeout(answerWhenDue, 10);
      return;
    }
    const report: LoadReport = Object.fromEntries([...targets].map(([name, { report }]) => [name, report]));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(report));
  };
  answerWhenDue();
});
server.listen(Number(process.env["LISTEN"] ?? 9000));
process.on("SIGTERM", () => process.exit());
