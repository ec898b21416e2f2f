import { portsInUse } from "../../src/cli/demo/free-ports.ts";

/** The first of so many ports in a row that nobody listens on, outside of those that systems give out by themselves. */
export async function freePortBase(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const base = 20_000 + Math.floor(Math.random() * 12_000);
    const busy = await portsInUse(Array.from({ length: count }, (_, offset) => base + offset));
    if (busy.length === 0) return base;
  }
  throw new Error(`no ${count} free ports in a row`);
}
