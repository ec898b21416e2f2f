import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import {
  type AcceptedSocket,
  dialWire,
  IGNORING_OWNER,
  listenForWires,
  type Wire,
  type WireOwner,
  wireOf,
} from "../../src/proxy/wire.ts";
import { eventually } from "../support/proxy-harness.ts";

const HIGH_WATER = 65_536;

interface Pair extends AsyncDisposable {
  readonly wire: Wire;
  readonly peer: net.Socket;
}

/** An accepted wire and the client's socket, which does not read until told. */
async function pair(owner: Partial<WireOwner>): Promise<Pair> {
  const accepted = Promise.withResolvers<Wire>();
  const take = (socket: AcceptedSocket): void => {
    accepted.resolve(wireOf(socket, { ...IGNORING_OWNER, ...owner }, HIGH_WATER));
  };
  const listener = await listenForWires({ host: "127.0.0.1", port: 0 }, take, (error) => {
    throw error;
  });
  const peer = net.connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true });
  peer.on("error", () => undefined);
  await once(peer, "connect");
  const wire = await accepted.promise;
  return {
    wire,
    peer,
    [Symbol.asyncDispose]: async () => {
      peer.destroy();
      wire.destroy();
      await listener[Symbol.asyncDispose]();
    },
  };
}

function write(wire: Wire, bytes: number): void {
  wire.out.bytes(Buffer.alloc(bytes, "x"), 0, bytes);
  wire.flush();
}

/** Writes until the kernel takes no more. */
function fill(wire: Wire): void {
  while (wire.pendingBytes === 0) write(wire, 65_536);
}

async function sizeOf(socket: net.Socket): Promise<number> {
  let bytes = 0;
  for await (const chunk of socket) bytes += (chunk as Buffer).length;
  return bytes;
}

describe("Wire", () => {
  it("gathers small writes while the peer takes none, and sends them in order", async () => {
    let drained = 0;
    await using both = await pair({ onDrained: () => drained++ });
    const { wire, peer } = both;
    fill(wire);
    const before = wire.pendingBytes;
    for (let n = 0; n < 1_000; n++) write(wire, 10);
    assert.equal(wire.pendingBytes, before + 10_000);
    assert.equal(drained, 0);
    const total = wire.bytesWritten;
    wire.end();
    assert.equal(await sizeOf(peer), total);
    assert.equal(wire.pendingBytes, 0);
    assert.ok(drained > 0);
  });

  it("says how much of a write was not taken yet", async () => {
    await using both = await pair({});
    fill(both.wire);
    assert.ok(both.wire.untakenBytes > 0);
    assert.ok(both.wire.isCongested === both.wire.pendingBytes > HIGH_WATER);
  });

  for (const c of [
    { name: "at once", prepare: () => undefined },
    { name: "while bytes wait", prepare: fill },
    {
      name: "while FIN waits behind bytes",
      prepare: (wire: Wire) => {
        fill(wire);
        wire.end();
      },
    },
    { name: "while FIN is on its way", prepare: (wire: Wire) => wire.end() },
  ]) {
    it(`resets ${c.name} and tells that it is closed`, async () => {
      const closed = Promise.withResolvers<void>();
      await using both = await pair({ onClosed: () => closed.resolve() });
      c.prepare(both.wire);
      both.wire.reset();
      await closed.promise;
      assert.ok(both.wire.isClosed);
    });
  }

  it("tells when the peer takes nothing any more, though it had ended its side before", async () => {
    const failed = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await using both = await pair({
      onWriteFailed: () => failed.resolve(),
      onPeerEnd: () => ended.resolve(),
    });
    both.peer.end();
    await ended.promise;
    both.peer.destroy();
    await eventually("a write to fail", () => {
      write(both.wire, 10);
      return both.wire.isWriteBroken ? undefined : "still taken";
    });
    await failed.promise;
    write(both.wire, 10);
    assert.equal(both.wire.pendingBytes, 0);
  });

  it("hands what its owner throws to the owner, and goes on", async () => {
    const defects: unknown[] = [];
    const seen = Promise.withResolvers<void>();
    let reads = 0;
    await using both = await pair({
      onBytes: () => {
        if (++reads === 1) throw new Error("a defect");
        seen.resolve();
      },
      onDefect: (error) => defects.push(error),
    });
    both.peer.write("a");
    await eventually("the defect", () => (defects.length > 0 ? undefined : "none"));
    both.peer.write("b");
    await seen.promise;
    assert.equal(defects.length, 1);
  });

  it("cuts a connection whose owner fails at its own defect", async () => {
    const closed = Promise.withResolvers<void>();
    const fail = (): never => {
      throw new Error("a defect");
    };
    await using both = await pair({ onBytes: fail, onDefect: fail, onClosed: () => closed.resolve() });
    both.peer.write("a");
    await closed.promise;
  });

  it("closes a connection whose acceptance failed, and accepts the next", async () => {
    const defects: unknown[] = [];
    const refuse = (): never => {
      throw new Error("a defect");
    };
    const listener = await listenForWires({ host: "127.0.0.1", port: 0 }, refuse, (error) => {
      defects.push(error);
    });
    for (let n = 1; n <= 2; n++) {
      const peer = net.connect({ port: listener.port, host: "127.0.0.1" });
      peer.write("hello");
      peer.on("error", () => undefined);
      await new Promise((resolve) => peer.once("close", resolve));
      assert.equal(defects.length, n);
    }
    await listener[Symbol.asyncDispose]();
  });

  it("tells why a dialled connection failed", async () => {
    const closed = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    server.close();
    await once(server, "close");
    dialWire(
      { host: "127.0.0.1", port },
      { ...IGNORING_OWNER, onClosed: (error) => closed.resolve(error) },
      HIGH_WATER,
    );
    assert.equal((await closed.promise)?.code, "ECONNREFUSED");
  });
});
