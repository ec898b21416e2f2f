import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { DeltaDiscoveryRequest } from "../../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import { DELTA_METHOD, type ResourceType, typeUrl } from "../../../src/discovery/resource-types.ts";
import type { Dice } from "../../support/dice.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Goes on in a later turn of the event loop, or at once where the connection is over. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** One client that does not keep to the rules, or goes at any moment. It is gone when the promise resolves; the server may not know yet. */
export async function attack(port: number, dice: Dice): Promise<void> {
  const kinds = [rawBytes, tlsRecord, tlsThenBytes, tlsThenFrames, requests, requests] as const;
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await dice.of(kinds)(socket, dice);
  // What is secure holds the socket's handle, and has to let go of it first.
  wrapped.get(socket)?.destroy();
  if (dice.isOneIn(2)) socket.resetAndDestroy();
  else socket.destroy();
}

function bytes(dice: Dice, most: number): Uint8Array {
  return Uint8Array.from({ length: dice.below(most) + 1 }, () => dice.below(256));
}

async function rawBytes(socket: Socket, dice: Dice): Promise<void> {
  socket.write(dice.isOneIn(2) ? bytes(dice, 200) : PREFACE.slice(0, dice.below(PREFACE.length) + 1));
  await turns(dice.below(4));
}

/** What begins like TLS, whole or in parts. */
async function tlsRecord(socket: Socket, dice: Dice): Promise<void> {
  const body = bytes(dice, 300);
  const record = Uint8Array.from([0x16, 3, dice.below(5), body.length >> 8, body.length & 0xff, ...body]);
  const cut = dice.below(record.length);
  socket.write(record.subarray(0, cut + 1));
  await turns(dice.below(3));
  socket.write(record.subarray(cut + 1));
  await turns(dice.below(4));
}

const wrapped = new WeakMap<Socket, TLSSocket>();

/** Undefined where the connection ended, or was left, before it was secure. */
async function secure(socket: Socket, dice: Dice): Promise<TLSSocket | undefined> {
  const tls = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  tls.on("error", () => {});
  wrapped.set(socket, tls);
  if (dice.isOneIn(6)) {
    await turns(dice.below(5));
    return undefined;
  }
  return await new Promise((resolve) => {
    tls.once("secureConnect", () => resolve(tls));
    tls.once("close", () => resolve(undefined));
  });
}

async function tlsThenBytes(socket: Socket, dice: Dice): Promise<void> {
  const tls = await secure(socket, dice);
  tls?.write(bytes(dice, 300));
  await turns(dice.below(6));
}

/** HTTP/2 frames of any type with any flags on any stream. */
async function tlsThenFrames(socket: Socket, dice: Dice): Promise<void> {
  const tls = await secure(socket, dice);
  tls?.resume();
  tls?.write(PREFACE);
  tls?.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
  for (let frame = 0; frame < 6; frame++) {
    const payload = bytes(dice, 40);
    const head = [0, 0, payload.length, dice.below(11), dice.below(256), 0, 0, 0, dice.below(6)];
    tls?.write(Uint8Array.from([...head, ...payload]));
    await turns(dice.below(3));
  }
}

/** A stream with requests that are wrong in some way, from a client that may leave at any moment. */
async function requests(socket: Socket, dice: Dice): Promise<void> {
  const tls = await secure(socket, dice);
  if (tls === undefined) return;
  const session = connectHttp2("https://localhost", { createConnection: () => tls });
  session.on("error", () => {});
  for (let stream = 0; stream <= dice.below(3); stream++) await oneStream(session, dice);
  if (dice.isOneIn(3)) session.destroy();
  else if (dice.isOneIn(2)) session.close();
}

async function oneStream(session: ClientHttp2Session, dice: Dice): Promise<void> {
  if (session.destroyed || session.closed) return;
  const stream = session.request({
    ":method": dice.of(["POST", "POST", "GET"]),
    ":path": dice.isOneIn(8) ? "/other" : DELTA_METHOD,
    ...(!dice.isOneIn(8) && { "content-type": dice.isOneIn(8) ? "text/plain" : "application/grpc" }),
    ...(!dice.isOneIn(6) && { authorization: dice.isOneIn(6) ? "Bearer bad" : "Bearer good" }),
    ...(dice.isOneIn(6) && { "grpc-timeout": dice.of(["1n", "1m", "999999999999H", "x"]) }),
    ...(dice.isOneIn(6) && { "grpc-encoding": dice.of(["gzip", "deflate", "other"]) }),
  });
  stream.on("error", () => {});
  if (!dice.isOneIn(3)) stream.resume();
  for (let message = 0; message < dice.below(8); message++) {
    if (stream.destroyed || stream.writableEnded) return;
    stream.write(frame(dice));
    await turns(dice.below(4));
    if (dice.isOneIn(6)) stream.close(dice.of([constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR]));
    if (dice.isOneIn(6)) stream.end();
  }
}

/** A gRPC message, its head and body right or not. */
function frame(dice: Dice): Uint8Array {
  const body = dice.isOneIn(4) ? bytes(dice, 60) : someRequest(dice);
  const length = dice.isOneIn(10) ? dice.below(2 ** 30) : body.length;
  const head = Buffer.alloc(5);
  head[0] = dice.isOneIn(10) ? dice.below(3) : 0;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
}

function someRequest(dice: Dice): Uint8Array {
  const names = (): string[] => dice.list(4, () => dice.of(["a", "b", "c", "", "\0", "__proto__"]));
  const type = dice.of<ResourceType>(["Self", "Backend", "Frontend"]);
  const request = DeltaDiscoveryRequest.encode({
    node: undefined,
    typeUrl: dice.isOneIn(6) ? "type.googleapis.com/other" : typeUrl(type),
    resourceNamesSubscribe: names(),
    resourceNamesUnsubscribe: names(),
    initialResourceVersions: new Map(names().map((name) => [name, name])),
    responseNonce: dice.isOneIn(2) ? String(dice.below(5)) : "",
    errorDetail: dice.isOneIn(2) ? { code: 3, message: "no \ud800", details: [] } : undefined,
  }).finish();
  if (dice.isOneIn(5)) request[dice.below(request.length)] = dice.below(256);
  return request;
}
