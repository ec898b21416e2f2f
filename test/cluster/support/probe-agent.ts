import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks a URL again and again over one connection, and tells when another answer comes than before. In the network that it
 * was started in; its clock is that of all programs of the machine.
 */
export interface ProbeReport {
  readonly answer: string;
  /** Of CLOCK_MONOTONIC, in ms, when the answer was there. */
  readonly atMs: number;
}

const [url = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function ask(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  request(url, { agent }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      body += piece;
    });
    response.on("end", () => resolve(response.statusCode === 200 ? body : `status ${response.statusCode}`));
    response.on("error", (error) => resolve(error.message));
  })
    .on("error", (error) => resolve(error.message))
    .end();
  return promise;
}

process.on("disconnect", () => process.exit());
let last = "";
for (;;) {
  const answer = await ask();
  if (answer !== last) {
    const report: ProbeReport = { answer, atMs: Number(process.hrtime.bigint()) / 1e6 };
    process.send?.(report);
  }
  last = answer;
  await delay(1);
}
