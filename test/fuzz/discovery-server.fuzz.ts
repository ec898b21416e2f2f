import { parseArgs } from "node:util";
import { attack } from "../discovery/server/hostile-client.ts";
import { ServerFixture } from "../discovery/server/server-harness.ts";
import { TestAuthority } from "../support/certificates.ts";
import { Dice } from "../support/dice.ts";

/**
 * Lets clients that keep to no rule at a discovery server for a while: it must not crash, must go on serving one that
 * does, and must keep nothing of the others. Every client has a seed of its own.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
  },
});
/** Clients at once. */
const BATCH = 32;
const first = Number(values.seed);
const end = performance.now() + Number(values.seconds) * 1000;
let next = 0;
{
  await using fixture = await ServerFixture.start(await TestAuthority.create(), {
    limits: {
      endTimeoutMs: 200,
      idleMs: 200,
      handshakeTimeoutMs: 500,
      keepaliveMs: 300,
      keepaliveTimeoutMs: 300,
    },
  });
  const good = fixture.connect();
  good.subscribe("Backend", "a");
  await good.nextContents();
  for (let round = 0; performance.now() < end; round++) {
    const attacks = Array.from({ length: BATCH }, () =>
      attack(fixture.server.port, new Dice(first + next++)),
    );
    fixture.catalogue.put("Backend", "a", String(round));
    fixture.publish("a");
    const { a } = await good.nextContents();
    if (a !== String(round)) throw new Error(`seed ${first}: the good client has ${a}, not ${round}`);
    await Promise.all(attacks);
  }
  while (fixture.server.connectionCount > 1) await new Promise(setImmediate);
  if (fixture.hub.sessionCount !== 1) throw new Error(`seed ${first}: ${fixture.hub.sessionCount} sessions`);
}
process.stdout.write(`seed ${first}: ${next} clients, one of them good all the time\n`);
