import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startEastbound } from "../contestants/eastbound.ts";
import { openConnections } from "../peers/kept-connections.ts";
import { readSlowly, writeAll } from "../peers/slow-reader.ts";
import { freePorts } from "../ports.ts";
import { mebibytes } from "../report.ts";
import type { Finding, Run } from "../run.ts";

const BYTES = 1_024 * 1_024 * 1_024;
const LIMIT_MB = 8;
const SAMPLE_MS = 10;
const SETTLE_MS = 3_000;

/** Carries `BYTES` from a fast side to a slow one through `port`; says how much arrived. */
type Carry = (port: number, protocol: "http" | "tcp") => Promise<number>;

const kinds: readonly { name: string; protocol: "http" | "tcp"; carry: Carry }[] = [
  { name: "HTTP response, slow client", protocol: "http", carry: pullHttp },
  { name: "HTTP request, slow endpoint", protocol: "http", carry: pushHttp },
  { name: "TCP, slow client", protocol: "tcp", carry: pullTcp },
  { name: "TCP, slow endpoint", protocol: "tcp", carry: pushTcp },
];

/** How much a proxy grows while 1 GiB goes through it to a slow reader. */
export async function measureBackpressure(run: Run): Promise<Finding> {
  const measured: { name: string; idle: number; growth: number; seconds: number }[] = [];
  for (const { name, protocol, carry } of kinds) {
    await using peers = await startEndpoints();
    await using stack = new AsyncDisposableStack();
    const [port = 0] = await freePorts(1);
    const service = {
      port,
      backendPort: protocol === "http" ? peers.httpPort : peers.tcpPort,
      rules: protocol === "http" ? 1 : 0,
    };
    const setup = { children: run.children, cpu: run.proxyCpu, folder: await run.createFolder("eastbound") };
    const { pid } = stack.use(await startEastbound(setup, { services: [service] }));
    if (protocol === "http") await warmUp(port);
    await sleep(SETTLE_MS);
    const idle = rssOf(pid);
    const start = performance.now();
    const transfer = carry(port, protocol).then((own) => own || peers.received());
    const { peak, arrived } = await peakDuring(pid, transfer);
    if (arrived !== BYTES) throw new Error(`${name}: ${arrived} bytes of ${BYTES} arrived`);
    measured.push({ name, idle, growth: peak - idle, seconds: (performance.now() - start) / 1_000 });
  }
  return {
    scenario: "backpressure",
    table: measured.map(({ name, idle, growth, seconds }) => ({
      "1 GiB": name,
      "idle RSS MB": mebibytes(idle).toFixed(1),
      "growth MB": mebibytes(growth).toFixed(1),
      seconds: seconds.toFixed(1),
    })),
    gates: measured.map(({ name, growth }) => ({
      name: `growth with a slow reader, ${name}`,
      measured: mebibytes(growth),
      limit: LIMIT_MB,
      kind: "at most",
      unit: " MB",
    })),
    data: measured,
  };
}

/** A proxy that has served before: what it loads for the first request isn't growth by the body. */
async function warmUp(port: number): Promise<void> {
  await using connections = await openConnections({ port, count: 8 });
  for (let index = 0; index < 500; index++) await connections.askOnce();
}

async function peakDuring(
  pid: number,
  transfer: Promise<number>,
): Promise<{ peak: number; arrived: number }> {
  for (let peak = 0; ; ) {
    peak = Math.max(peak, rssOf(pid));
    const arrived = await Promise.race([transfer, sleep(SAMPLE_MS)]);
    if (arrived !== undefined) return { peak, arrived };
  }
}

const PAGE_BYTES = 4_096;

/** The second figure of /proc/PID/statm: pages in memory. */
function rssOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}

interface Endpoints extends AsyncDisposable {
  readonly httpPort: number;
  readonly tcpPort: number;
  /** Bytes of the last body or connection that was read to its end. */
  received(): number;
}

/** They send at once what is asked for by GET or by a first byte `d`, and read all else slowly. */
async function startEndpoints(): Promise<Endpoints> {
  let received = 0;
  const web = http.createServer((request, response) => {
    if (request.url === "/12") response.end("0123456789ab");
    else if (request.method === "GET") {
      response.writeHead(200, { "content-length": BYTES });
      void writeAll(response, BYTES);
    } else {
      void readSlowly(request, BYTES).then((bytes) => {
        received = bytes;
        response.end();
      });
    }
  });
  const raw = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.once("readable", () => {
      const [kind] = (socket.read(1) as Buffer | null) ?? [];
      if (kind === "d".charCodeAt(0)) void writeAll(socket, BYTES);
      else {
        void readSlowly(socket, BYTES).then((bytes) => {
          received = bytes;
          socket.end("done");
        });
      }
    });
  });
  const ports: number[] = [];
  for (const server of [web, raw]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push((server.address() as net.AddressInfo).port);
  }
  const [httpPort = 0, tcpPort = 0] = ports;
  return {
    httpPort,
    tcpPort,
    received: () => received,
    [Symbol.asyncDispose]: async () => {
      web.closeAllConnections();
      web.close();
      raw.close();
    },
  };
}

async function pullHttp(port: number): Promise<number> {
  const request = http.get({ host: "127.0.0.1", port, path: "/bulk", agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  return await readSlowly(response, BYTES);
}

/** Says 0: what arrived is known on the other side. */
async function pushHttp(port: number): Promise<number> {
  const request = http.request({
    host: "127.0.0.1",
    port,
    path: "/bulk",
    method: "POST",
    headers: { "content-length": BYTES },
    agent: false,
  });
  const answered = once(request, "response") as Promise<[http.IncomingMessage]>;
  await writeAll(request, BYTES);
  const [response] = await answered;
  response.resume();
  await once(response, "end");
  return 0;
}

async function pullTcp(port: number): Promise<number> {
  const socket = net.connect(port, "127.0.0.1");
  socket.end("d");
  return await readSlowly(socket, BYTES);
}

/** Says 0: what arrived is known on the other side. */
async function pushTcp(port: number): Promise<number> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write("u");
  await writeAll(socket, BYTES);
  socket.resume();
  await once(socket, "end");
  return 0;
}
