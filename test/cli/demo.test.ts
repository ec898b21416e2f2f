import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLE_PORT_COUNT, exampleRequests } from "../../src/cli/demo/shop.ts";
import { freePortBase } from "../support/free-port-base.ts";

const root = join(import.meta.dirname, "../..");

/** `eastbound demo` as a process, without a terminal. */
class DemoProcess {
  readonly #process: ChildProcess;
  output = "";
  errors = "";
  readonly #seen = new Set<() => void>();

  constructor(words: readonly string[]) {
    this.#process = spawn(process.execPath, ["src/cli/main.ts", "demo", ...words], { cwd: root });
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
      for (const look of this.#seen) look();
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    this.#process.on("exit", () => {
      for (const look of this.#seen) look();
    });
  }

  /** Once the output from here on has it, or the process is gone. */
  async prints(pattern: RegExp): Promise<void> {
    const from = this.output.length;
    const isSeen = (): boolean => pattern.test(this.output.slice(from)) || this.#process.exitCode !== null;
    if (!isSeen()) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (!isSeen()) return;
          this.#seen.delete(look);
          resolve();
        };
        this.#seen.add(look);
      });
    }
    assert.match(this.output.slice(from), pattern, this.errors);
  }

  signal(signal: "SIGTERM" | "SIGINT"): void {
    this.#process.kill(signal);
  }

  async ends(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, "close");
    return this.#process.exitCode;
  }
}

describe("eastbound demo", function () {
  this.timeout(60_000);

  it("--once prints who answers what, and ends", async () => {
    const portBase = await freePortBase(EXAMPLE_PORT_COUNT);
    const demo = new DemoProcess(["--once", "--port-base", String(portBase)]);
    assert.equal(await demo.ends(), 0, demo.errors);
    for (const { file, path } of exampleRequests) {
      assert.ok(demo.output.includes(file), file);
      assert.ok(demo.output.includes(path), path);
    }
    assert.match(demo.output, /canary\/split +catalog-v1 +200 +█.* \d+ % +\d+\.\d ms\n/);
    assert.match(demo.output, /preview\/beta +cart-beta +200 +█+ 100 %/);
    assert.match(demo.output, /Location: \/orders\/7\n +move\/old-path +the sidecar +301/);
    assert.match(demo.output, /the pod sees \/assets\/logo\.svg/);
    assert.ok(!demo.output.includes("\x1b") && !demo.output.includes("no answer"));
    assert.ok(demo.output.split("\n").every((line) => line.length <= 80));
  });

  it("moves traffic when a manifest is edited, tells what is wrong with one, and ends on SIGTERM", async () => {
    await using folder = await copyOfExamples();
    const portBase = await freePortBase(EXAMPLE_PORT_COUNT);
    const canary = await readFile(join(folder.path, "canary.yaml"), "utf8");
    const write = (text: string): Promise<void> => writeFile(join(folder.path, "canary.yaml"), text);
    const demo = new DemoProcess(["--examples", folder.path, "--port-base", String(portBase)]);
    await demo.prints(/products: catalog-v1 200/);
    await write(canary.replace("weight: 90", "weight: 0"));
    await demo.prints(/products: catalog-v2 200 100 %/);
    await write(canary.replace("weight: 90", "weight: many"));
    await demo.prints(
      /products: catalog-v2 200 100 %.*problem: canary\.yaml HTTPRoute default\/canary .*weight/,
    );
    demo.signal("SIGTERM");
    assert.equal(await demo.ends(), 0, demo.errors);
  });

  it("names the port that is in use", async () => {
    const portBase = await freePortBase(EXAMPLE_PORT_COUNT);
    const server = createServer().listen(portBase + 21, "127.0.0.1");
    await once(server, "listening");
    const demo = new DemoProcess(["--port-base", String(portBase)]);
    assert.equal(await demo.ends(), 1);
    assert.match(demo.errors, new RegExp(`port ${portBase + 21} is in use[^]*--port-base N`));
    await new Promise((resolve) => server.close(resolve));
  });

  it("says so where there are no examples", async () => {
    const demo = new DemoProcess(["--examples", "nowhere"]);
    assert.equal(await demo.ends(), 1);
    assert.match(demo.errors, /there is no folder nowhere/);
  });
});

async function copyOfExamples() {
  const path = await mkdtemp(join(tmpdir(), "eastbound-test-"));
  await cp(join(root, "examples/shop"), path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
