import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind } from "../src/binding/bind.ts";
import type { AccessLine } from "../src/cli/demo/access-line.ts";
import { EditedFolder } from "../src/cli/demo/edited-folder.ts";
import { startPods } from "../src/cli/demo/pods.ts";
import {
  curlCommand,
  EXAMPLE_HEADER,
  EXAMPLE_PORT_BASE,
  EXAMPLE_PORT_COUNT,
  exampleRequests,
  movePorts,
  pods,
} from "../src/cli/demo/shop.ts";
import { Sidecar } from "../src/cli/demo/sidecar.ts";
import type { ManifestSnapshot } from "../src/manifests/manifest-snapshot.ts";
import { startManifestSource } from "../src/manifests/manifest-source.ts";
import { freePortBase } from "./support/free-port-base.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "examples/shop");
const files = globSync("*.yaml", { cwd: folder }).sort();
const routeFiles = files.filter((file) => file !== "app.yaml");
const textOf = (file: string): string => readFileSync(join(folder, file), "utf8");

async function readShop(): Promise<ManifestSnapshot> {
  const snapshots: ManifestSnapshot[] = [];
  await using _ = await startManifestSource({
    directory: folder,
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    clock: { startTimer: () => ({ stop: () => undefined }), wallTime: () => 0 },
  });
  assert.equal(snapshots.length, 1);
  return snapshots[0] ?? { objects: [], errors: [] };
}

describe("examples/shop", () => {
  it("parses and binds, with nothing to say against it", async () => {
    const { objects, errors } = await readShop();
    const { statuses, problems } = bind(objects, { strictGrants: true });
    const conditions = statuses.flatMap(({ parents }) => parents.flatMap((parent) => parent.conditions));
    assert.deepEqual(errors, []);
    assert.deepEqual(problems, []);
    assert.equal(statuses.length, routeFiles.length);
    assert.deepEqual(
      conditions.filter(({ status }) => status !== "True"),
      [],
    );
  });

  for (const file of files) {
    it(`begins ${file} with a short comment`, () => {
      assert.match(textOf(file), /^# .{20,}\n(# .{20,}\n)?(?!#)/);
    });
  }

  for (const file of routeFiles) {
    it(`has a request for ${file}`, () =>
      assert.ok(exampleRequests.some((request) => request.file === file)));
  }

  it("has pods where the endpoints are, and no others", async () => {
    const { backends } = bind((await readShop()).objects, { strictGrants: true });
    const endpoints = [...backends.values()].flatMap((backend) => backend.endpoints.map(({ port }) => port));
    const ports = pods.map(({ portOffset }) => EXAMPLE_PORT_BASE + portOffset);
    assert.deepEqual(new Set(endpoints), new Set(ports));
  });

  it("has requests for Services that there are, by different paths", async () => {
    const { frontends } = bind((await readShop()).objects, { strictGrants: true });
    for (const { portOffset, service } of exampleRequests) {
      const frontend = frontends.get(`127.0.0.1:${EXAMPLE_PORT_BASE + portOffset}`);
      assert.equal(frontend?.producer.service.name, service);
    }
    assert.equal(new Set(exampleRequests.map(({ path }) => path)).size, exampleRequests.length);
  });

  it("uses ports of one range", async () => {
    const { frontends } = bind((await readShop()).objects, { strictGrants: true });
    for (const name of frontends.keys()) {
      const offset = Number(name.replace("127.0.0.1:", "")) - EXAMPLE_PORT_BASE;
      assert.ok(offset > 0 && offset < EXAMPLE_PORT_COUNT, name);
    }
    assert.ok(pods.every(({ portOffset }) => portOffset < EXAMPLE_PORT_COUNT));
  });
});

describe("movePorts", () => {
  it("moves the ports of the examples and nothing else", () => {
    assert.equal(
      movePorts("port: 18001, 18032; 180, 180011, 18099", 20_000),
      "port: 20001, 20032; 180, 180011, 18099",
    );
  });
});

describe("curlCommand", () => {
  it("is what to type", () => {
    assert.deepEqual(
      exampleRequests.slice(2, 4).map((request) => curlCommand(request, 20_000)),
      ["curl -H 'x-group: beta' 127.0.0.1:20002/cart/bob", "curl -i 127.0.0.1:20003/api/v1/orders/7"],
    );
  });
});

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly pod: string;
  readonly path: string;
}

/** The shop, and the sidecar in front of it. */
class Shop implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  readonly arrivals: string[] = [];
  readonly lines: AccessLine[] = [];
  #base = 0;

  async start(): Promise<void> {
    this.#base = await freePortBase(EXAMPLE_PORT_COUNT);
    const copy = await mkdtemp(join(tmpdir(), "eastbound-test-"));
    this.#resources.defer(() => rm(copy, { recursive: true }));
    await new EditedFolder(folder, { folder: copy, rewrite: (text) => movePorts(text, this.#base) }).look();
    this.#resources.use(await startPods(this.#base, ({ pod }) => this.arrivals.push(pod.name)));
    const sidecar = new Sidecar({
      program: join(root, "src/cli/main.ts"),
      manifests: copy,
      adminPort: this.#base,
      environment: process.env,
      onRequest: (line) => this.lines.push(line),
    });
    this.#resources.defer(() => sidecar.drain());
    assert.ok(await sidecar.serves());
    assert.deepEqual(await sidecar.problems(), []);
  }

  async ask(
    portOffset: number,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.#base + portOffset}${path}`, {
      headers: { [EXAMPLE_HEADER]: path, ...headers },
      redirect: "manual",
    });
    const text = await response.text();
    const body = response.status === 200 ? (JSON.parse(text) as { pod: string; path: string }) : undefined;
    return {
      status: response.status,
      location: response.headers.get("location"),
      pod: body?.pod ?? "",
      path: body?.path ?? "",
    };
  }

  async askOften(times: number, portOffset: number, path: string): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (let i = 0; i < times; i++) answers.push(await this.ask(portOffset, path));
    return answers;
  }

  arrivalsAt(pod: string): number {
    return this.arrivals.filter((name) => name === pod).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

describe("examples/shop through the sidecar", function () {
  this.timeout(60_000);
  let shop = new Shop();
  before(async () => {
    shop = new Shop();
    await shop.start();
  });
  after(() => shop[Symbol.asyncDispose]());

  it("canary.yaml: most go to the first version, some to the new one", async () => {
    const answers = await shop.askOften(300, 1, "/products");
    const second = answers.filter(({ pod }) => pod === "catalog-v2-a").length;
    assert.ok(answers.every(({ pod }) => /^catalog-v[12]-/.test(pod)));
    assert.ok(second > 0 && second < 100, `${second} of 300`);
  });

  const groups = [
    { headers: {}, pod: "cart-a" },
    { headers: { "x-group": "beta" }, pod: "cart-beta-a" },
    { headers: { "x-group": "alpha" }, pod: "cart-a" },
  ];
  for (const { headers, pod } of groups) {
    it(`header.yaml: ${JSON.stringify(headers)} gets ${pod}`, async () => {
      assert.equal((await shop.ask(2, "/cart/ann", headers)).pod, pod);
    });
  }

  it("redirect.yaml: tells of the new path, which is served", async () => {
    const { status, location } = await shop.ask(3, "/api/v1/orders/7");
    assert.equal(status, 301);
    assert.match(location ?? "", /^http:\/\/127\.0\.0\.1:\d+\/orders\/7$/);
    assert.equal((await shop.ask(3, "/orders/7")).pod, "orders-a");
  });

  it("rewrite.yaml: the pod sees another path", async () => {
    const { status, path } = await shop.ask(4, "/img/logo.svg");
    assert.deepEqual([status, path], [200, "/assets/logo.svg"]);
  });

  it("mirror.yaml: search answers, and some requests reach search-next too", async () => {
    const answers = await shop.askOften(100, 5, "/search");
    const copies = shop.arrivalsAt("search-next-a");
    assert.ok(answers.every(({ pod }) => pod === "search-a"));
    assert.ok(copies > 0 && copies < 100, `${copies} of 100`);
  });

  it("retry.yaml: clients see none of the 503s", async () => {
    const answers = await shop.askOften(20, 6, "/items/42");
    assert.ok(answers.every(({ status }) => status === 200));
    assert.ok(shop.arrivalsAt("stock-a") + shop.arrivalsAt("stock-b") > answers.length);
  });

  it("timeout.yaml: one of five answers is given up", async () => {
    const statuses = (await shop.askOften(5, 7, "/reviews")).map(({ status }) => String(status));
    assert.deepEqual(statuses.sort(), ["200", "200", "200", "200", "504"]);
  });

  it("logs each as the demo reads it", () => {
    const seen = new Set(shop.lines.map(({ answer }) => answer.rule));
    const rules = ["canary/split", "preview/beta", "preview/everyone", "move/old-path", "move/current"];
    const more = ["short/img", "rehearsal/copy", "again/items", "quick/limit"];
    assert.deepEqual(
      [...rules, ...more].filter((rule) => !seen.has(rule)),
      [],
    );
  });
});
