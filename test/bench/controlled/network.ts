import { execFileSync, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import type { Child, Children } from "../end-to-end/children.ts";
import { listening } from "../end-to-end/ports.ts";

/** The proxy's user: what it dials is not redirected. */
const PROXY_UID = "15100";
const REQUEST = "GET /12 HTTP/1.1\r\nHost: bench\r\n\r\n";
const program = join(import.meta.dirname, "../../../dist/eastbound.js");

/** Runs this script again in a network of its own, where what goes to 10.96.N.0/24 is redirected to `listenPort(N)`. */
export function enterNetwork(networks: number): boolean {
  if (process.env["BENCH_NETWORK"] !== undefined) {
    const run = (command: string): void => {
      const [file = "", ...words] = command.split(" ");
      execFileSync(file, words, { stdio: "inherit" });
    };
    run("ip link set lo up");
    run("ip route add 10.96.0.0/16 dev lo src 127.0.0.1");
    for (let n = 0; n < networks; n++) {
      const to = `-d 10.96.${n}.0/24 -m owner ! --uid-owner ${PROXY_UID}`;
      run(`iptables -t nat -A OUTPUT -p tcp ${to} -j REDIRECT --to-ports ${listenPort(n)}`);
    }
    return true;
  }
  // A session of its own, within which niceness counts (sched(7), "The autogroup feature").
  const words = [
    "--wait",
    "unshare",
    "--net",
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const env = { ...process.env, BENCH_NETWORK: "1" };
  process.exitCode = spawnSync("setsid", words, { stdio: "inherit", env }).status ?? 1;
  return false;
}

function listenPort(network: number): number {
  return 15_101 + 10 * network;
}

/** A controller with that many Services, in a process of its own. */
export interface BenchController extends AsyncDisposable {
  readonly flags: readonly string[];
}

export async function startController(services: number, endpointPort: number): Promise<BenchController> {
  const child = fork(join(import.meta.dirname, "controller.ts"), [String(services), String(endpointPort)]);
  const [flags] = (await once(child, "message")) as [readonly string[]];
  return {
    flags,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

export interface SidecarOptions {
  readonly network: number;
  readonly flags: readonly string[];
  readonly node?: string;
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cpu?: number;
}

/** The bundled program behind the controller, for one network; returns once it listens. */
export async function startSidecar(children: Children, options: SidecarOptions): Promise<Child> {
  const { network, flags, node = process.execPath, nodeFlags = [], environment = {}, cpu } = options;
  const port = listenPort(network);
  const ids = ["--reuid", PROXY_UID, "--regid", PROXY_UID, "--clear-groups"];
  const capabilities = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"];
  const addresses = ["--listen", `127.0.0.1:${port}`, "--admin", `127.0.0.1:${port + 1}`];
  const child = await children.start({
    name: "eastbound",
    command: "env",
    args: [
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      "setpriv",
      ...ids,
      ...capabilities,
      node,
      ...nodeFlags,
      program,
      "proxy",
      // Each has a snapshot of its own.
      ...flags.map((flag, at) => (flags[at - 1] === "--snapshot" ? `${flag}-${network}` : flag)),
      ...addresses,
      "--metrics",
      `127.0.0.1:${port + 2}`,
    ],
    ...(cpu !== undefined && { cpu }),
  });
  await listening(child, port);
  return child;
}

/** Milliseconds from dialling to the whole answer of one request on a new connection. */
export async function timeOneRequest({ address, port }: { address: string; port: number }): Promise<number> {
  const begunMs = performance.now();
  const socket = net.connect({ host: address, port, noDelay: true });
  socket.write(REQUEST);
  const [answer] = (await once(socket, "data")) as [Buffer];
  const tookMs = performance.now() - begunMs;
  if (!answer.toString("latin1").startsWith("HTTP/1.1 200 "))
    throw new Error(`unexpected answer: ${String(answer)}`);
  socket.destroy();
  return tookMs;
}

/** Some requests on one connection, one after the other. */
export async function askOften(
  { address, port }: { address: string; port: number },
  count: number,
): Promise<void> {
  const socket = net.connect({ host: address, port, noDelay: true });
  for (let n = 0; n < count; n++) {
    socket.write(REQUEST);
    await once(socket, "data");
  }
  socket.destroy();
}
