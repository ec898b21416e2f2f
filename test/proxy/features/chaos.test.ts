import assert from "node:assert/strict";
import type { BoundRule } from "../../../src/binding/frontend.ts";
import { Dice } from "../../support/dice.ts";
import type { RawClient } from "../../support/proxy-harness.ts";
import { type EndpointSpec, Routed, saying } from "../../support/routed.ts";

/**
 * Endpoints that do everything wrong, clients that leave, and rules with all features, at random. Whatever happens, no
 * response may reach another request than its own, and nothing may be left when all is over (Routed checks that).
 */
const ENDPOINTS = 4;
const CLIENTS = 16;
const REQUESTS = 20;

/** Answers requests by their `X-Id`, or breaks off somewhere; what is done is drawn for each request. */
function unreliable(dice: Dice): EndpointSpec {
  return {
    raw: (socket) => {
      let pending = "";
      socket.on("data", (chunk: Buffer) => {
        pending += chunk.toString("latin1");
        for (let end = endOfRequest(pending); end >= 0; end = endOfRequest(pending)) {
          const id = /x-id: (\S+)/i.exec(pending)?.[1] ?? "none";
          pending = pending.slice(end);
          const [text, then] = reply(dice, id);
          socket.write(text, "latin1");
          if (then === "end") socket.end();
          else if (then === "reset") socket.resetAndDestroy();
        }
      });
      socket.on("end", () => socket.end());
    },
  };
}

/** Where the first request in a text ends; -1 while it is not there. */
function endOfRequest(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return -1;
  const length = /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
  if (/transfer-encoding: chunked/i.test(text.slice(0, head))) {
    const end = text.indexOf("0\r\n\r\n", head + 4);
    return end < 0 ? -1 : end + 5;
  }
  const end = head + 4 + Number(length ?? 0);
  return text.length >= end ? end : -1;
}

function reply(dice: Dice, id: string): readonly [text: string, then: "go on" | "end" | "reset"] {
  const body = `<${id}>`.repeat(1 + dice.below(400));
  const framed = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const cut = dice.below(framed.length);
  switch (dice.below(12)) {
    case 0:
      return [framed.slice(0, cut), "reset"];
    case 1:
      return [chunked.slice(0, cut), "end"];
    case 2:
      return ["", "end"];
    case 3:
      return ["", "go on"];
    case 4:
      return ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", "go on"];
    case 5:
      return ["HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "end"];
    case 6:
      return [`HTTP/1.1 200 OK\r\n\r\n${body}`, "end"];
    case 7:
      return [`${framed}unasked`, "go on"];
    case 8:
      return ["nonsense\r\n\r\n", "go on"];
    case 9:
      return [chunked, "go on"];
    default:
      return [framed, "go on"];
  }
}

const RULE: Partial<BoundRule> = {
  filters: [
    {
      kind: "RequestMirror",
      target: { kind: "Backend", name: "app/mirror:80" },
      fraction: { numerator: 1, denominator: 2 },
    },
  ],
  timeouts: { requestMs: 250, backendRequestMs: 60 },
  retry: { codes: [500, 503], attempts: 2, backoffMs: 1 },
};

function requestOf(dice: Dice, id: string): string {
  const method = dice.of(["GET", "GET", "POST", "PUT", "DELETE"]);
  const head = `${method} / HTTP/1.1\r\nHost: web\r\nX-Id: ${id}\r\n`;
  const body = "b".repeat(dice.below(3_000));
  if (method !== "POST" && method !== "PUT") return `${head}\r\n`;
  if (dice.isOneIn(2)) return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
}

/** Sends requests in pieces and in order; leaves in the middle now and then. */
async function runClient(routed: Routed, dice: Dice, name: string): Promise<void> {
  let client = routed.client();
  for (let n = 0; n < REQUESTS; n++) {
    const text = requestOf(dice, `${name}-${n}`);
    const from = client.received.length;
    const cut = dice.below(text.length);
    client.send(text.slice(0, cut));
    if (dice.isOneIn(3)) await new Promise((resolve) => setImmediate(resolve));
    if (dice.isOneIn(15)) {
      client.socket.resetAndDestroy();
      client = routed.client();
      continue;
    }
    client.send(text.slice(cut));
    await client.until((received) => isWhole(received.slice(from)));
    assertOwn(client, from, `${name}-${n}`);
    if (client.closedBy !== undefined) client = routed.client();
  }
}

function isWhole(text: string): boolean {
  const head = finalHead(text);
  if (head === undefined) return false;
  const length = /content-length: (\d+)/i.exec(head.text)?.[1];
  if (length !== undefined) return text.length >= head.end + Number(length);
  return /transfer-encoding: chunked/i.test(head.text) && text.endsWith("\r\n0\r\n\r\n");
}

function finalHead(text: string): { readonly text: string; readonly end: number } | undefined {
  for (let start = 0; ; ) {
    const end = text.indexOf("\r\n\r\n", start);
    if (end < 0) return undefined;
    if (!text.startsWith("HTTP/1.1 1", start)) return { text: text.slice(start, end), end: end + 4 };
    start = end + 4;
  }
}

/** Every id in what came is that of the request, and a connection that ended left nothing that looks whole. */
function assertOwn(client: RawClient, from: number, id: string): void {
  const text = client.received.slice(from);
  for (const [, other] of text.matchAll(/<([^>]*)>/g)) assert.equal(other, id);
  assert.ok(!text.includes("unasked") && !text.includes("nonsense"), text.slice(0, 200));
  assert.ok(isWhole(text) || client.closedBy !== undefined);
}

describe("everything at once", () => {
  for (const seed of [1, 2, 3]) {
    it(`gets no response wrong and leaves nothing behind (seed ${seed})`, async () => {
      const dice = new Dice(seed);
      await using routed = await Routed.start({
        backends: {
          "app/web:80": ["refuses", ...Array.from({ length: ENDPOINTS }, () => unreliable(dice))],
          "app/mirror:80": [unreliable(dice), saying("mirror")],
        },
        rules: [RULE],
        limits: { mirrorTimeoutMs: 100, retryBodyBytes: 1_000 },
      });
      await Promise.all(Array.from({ length: CLIENTS }, (_, n) => runClient(routed, dice, `c${n}`)));
      const { log, telemetry } = routed.harness;
      assert.ok(log.some(({ status, failure }) => status === 200 && failure === undefined));
      for (const counted of ["failures", "resends", "mirrored"]) {
        assert.ok(telemetry.count(counted) > 0, counted);
      }
    }).timeout(60_000);
  }
});
