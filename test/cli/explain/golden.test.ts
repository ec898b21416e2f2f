import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commands } from "../../../src/cli/commands.ts";
import { runCommandLine } from "../../../src/cli/run-command-line.ts";

/**
 * What `eastbound explain` prints, in `test/golden/explain/NAME.txt`. UPDATE_GOLDEN=1 writes them anew; look at the
 * difference before you commit it.
 */
const FOLDER = new URL("../../golden/explain/", import.meta.url);
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

interface Case {
  readonly name: string;
  readonly words: readonly string[];
  readonly manifests?: "broken";
}

function wordsOf(line: string, headers: readonly string[]): readonly string[] {
  return [...line.split(" "), ...headers.flatMap((header) => ["-H", header])];
}

const cases: readonly Case[] = [
  {
    name: "split",
    words: wordsOf("GET http://cart.shop/v2/items?a=1 --zone a --node node-1", [
      "X-Canary: yes",
      "Host: example.com",
    ]),
  },
  { name: "older-route-wins", words: ["GET", "http://cart.shop/v2"] },
  { name: "redirect", words: ["GET", "http://cart/old/one", "--from", "shop"] },
  { name: "partly-failing", words: ["POST", "http://cart.shop/pay/now"] },
  { name: "no-match", words: ["GET", "http://cart.shop/nothing"] },
  { name: "consumer-route", words: ["GET", "http://cart.shop.svc.cluster.local/", "--from", "store"] },
  { name: "opaque", words: ["GET", "http://db.shop:3306/"] },
  { name: "node-unknown", words: ["GET", "http://audit/", "--from=shop"] },
  { name: "other-port", words: ["GET", "http://[fd00:96::1]:9090/metrics", "--zone", "c"] },
  { name: "backend-missing", words: ["GET", "http://cart.shop/gone"] },
  { name: "unknown-service", words: ["GET", "http://crt.shop/"] },
  { name: "malformed", words: ["get", "https://cart.shop/"] },
  { name: "source-problems", words: ["GET", "http://cart/"], manifests: "broken" },
  { name: "json", words: ["POST", "http://cart.shop/pay/now", "--json"] },
  { name: "json-unknown-service", words: ["GET", "http://crt.shop/", "--json"] },
];

async function run({ words, manifests }: Case): Promise<string> {
  const texts: string[] = [];
  const write = (text: string): void => void texts.push(text);
  const code = await runCommandLine({
    words: ["explain", ...words, "--manifests", fileURLToPath(new URL(manifests ?? "manifests", FOLDER))],
    environment: {},
    isTerminal: false,
    isOutputTerminal: false,
    readFile: () => Promise.reject(new Error("not read")),
    writeOut: write,
    writeError: write,
    commands,
  });
  const shown = words.map((word) => (/^[\w:/.=-]+$/.test(word) ? word : `'${word}'`));
  return [`$ eastbound explain ${shown.join(" ")}\n`, ...texts, `exit code ${code}\n`].join("");
}

describe("what eastbound explain prints", () => {
  it("is looked at whole", () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith(".txt"));
    assert.deepEqual(files.toSorted(), cases.map(({ name }) => `${name}.txt`).toSorted());
  });

  for (const example of cases) {
    it(example.name, async () => {
      const printed = await run(example);
      const file = new URL(`${example.name}.txt`, FOLDER);
      if (isUpdate) writeFileSync(file, printed);
      assert.ok(existsSync(file), `${example.name} has no output: run the test with UPDATE_GOLDEN=1`);
      assert.equal(printed, readFileSync(file, "utf8"));
    });
  }

  it("fits in 100 columns, but for words that are longer", () => {
    const texts = cases.filter(({ words }) => !words.includes("--json"));
    for (const { name } of texts) {
      const lines = readFileSync(new URL(`${name}.txt`, FOLDER), "utf8")
        .split("\n")
        .slice(1);
      assert.deepEqual(
        lines.filter(
          (line) => line.length > 100 && !line.startsWith("eastbound: ") && !line.startsWith("Did"),
        ),
        [],
        name,
      );
    }
  });
});
