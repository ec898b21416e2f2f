import assert from "node:assert/strict";
import { type LogFields, type LogFormat, Logger, type LogLevel } from "../../src/telemetry/logger.ts";

function aLogger(level: LogLevel, format: LogFormat) {
  const lines: string[] = [];
  const clock = { now: Date.UTC(2026, 7, 1, 12) };
  const logger = new Logger({ level, format, write: (line) => lines.push(line), now: () => clock.now });
  return { logger, lines, clock };
}

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

describe("Logger", () => {
  for (const [index, level] of levels.entries()) {
    it(`writes ${level} and what is more important`, () => {
      const { logger, lines } = aLogger(level, "text");
      logger.error("e");
      logger.warn("w");
      logger.info("i");
      logger.debug("d");
      assert.equal(lines.length, index + 1);
      assert.equal(logger.isEnabled(level), true);
      assert.equal(logger.isEnabled("debug"), level === "debug");
    });
  }

  const time = "2026-08-01T12:00:00.000Z";
  const cases: readonly {
    name: string;
    format: LogFormat;
    message: string;
    fields: LogFields;
    expect: string;
  }[] = [
    {
      name: "text",
      format: "text",
      message: "listening",
      fields: { address: "127.0.0.1:15101", tries: 2, ready: true, missing: undefined },
      expect: `${time} WARN  listening address=127.0.0.1:15101 tries=2 ready=true`,
    },
    {
      name: "text that has to be quoted",
      format: "text",
      message: "two\nlines",
      fields: { path: 'a "b"', empty: "", equals: "a=b", escape: "\u001b[31m", word: "grüße" },
      expect: `${time} WARN  "two\\nlines" path="a \\"b\\"" empty="" equals="a=b" escape="\\u001b[31m" word="grüße"`,
    },
    {
      name: "JSON",
      format: "json",
      message: 'a "b"\n',
      fields: { tries: 2, ready: false, nan: Number.NaN, text: "x\ty", missing: undefined },
      expect: `{"time":"${time}","level":"warn","message":"a \\"b\\"\\n","tries":2,"ready":false,"nan":null,"text":"x\\ty"}`,
    },
  ];
  for (const c of cases) {
    it(`writes ${c.name}`, () => {
      const { logger, lines } = aLogger("info", c.format);
      logger.warn(c.message, c.fields);
      assert.deepEqual(lines, [`${c.expect}\n`]);
    });
  }
});

describe("Logger.limited", () => {
  it("writes a message once in ten seconds, and then says how many there were", () => {
    const { logger, lines, clock } = aLogger("info", "text");
    for (let index = 0; index < 5; index++)
      logger.limited("warn", "connect failed", "shop/cart:80", { port: 80 });
    clock.now += 9_999;
    logger.limited("warn", "connect failed", "shop/cart:80");
    clock.now += 1;
    logger.limited("warn", "connect failed", "shop/cart:80", { port: 80 });
    clock.now += 10_000;
    logger.limited("warn", "connect failed", "shop/cart:80", { port: 80 });
    assert.deepEqual(
      lines.map((line) => line.slice(31).trim()),
      ["connect failed port=80", "connect failed port=80 suppressed=5", "connect failed port=80"],
    );
  });

  it("goes on when the clock is set back", () => {
    const { logger, lines, clock } = aLogger("info", "text");
    logger.limited("warn", "a", "x");
    clock.now -= 3_600_000;
    logger.limited("warn", "a", "x");
    logger.limited("warn", "a", "x");
    assert.equal(lines.length, 2);
  });

  it("tells messages and keys apart", () => {
    const { logger, lines } = aLogger("info", "text");
    logger.limited("warn", "a", "x");
    logger.limited("warn", "a", "y");
    logger.limited("warn", "b", "x");
    assert.equal(lines.length, 3);
  });

  it("is bounded for any number of keys", () => {
    const { logger, lines, clock } = aLogger("info", "text");
    for (let index = 0; index < 10_000; index++) logger.limited("warn", "a", String(index));
    assert.equal(lines.length, 257);
    clock.now += 10_000;
    logger.limited("warn", "a", "one more");
    assert.equal(lines.length, 258);
    assert.ok(!lines.at(-1)?.includes("suppressed"), "the old keys were forgotten, so this one is new");
  });

  it("costs nothing below the level", () => {
    const { logger, lines, clock } = aLogger("warn", "text");
    logger.limited("info", "a", "x");
    clock.now += 1;
    logger.limited("warn", "a", "x");
    assert.equal(lines.length, 1);
  });
});
