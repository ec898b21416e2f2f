import { once } from "node:events";
import { createServer } from "node:net";

/** Those of the ports that something on 127.0.0.1 listens on already. */
export async function portsInUse(ports: readonly number[]): Promise<readonly number[]> {
  const checked = await Promise.all(ports.map(async (port) => ((await isFree(port)) ? [] : [port])));
  return checked.flat();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false;
    throw error;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
