import assert from "node:assert/strict";
import { TestAuthority } from "../../support/certificates.ts";
import { Dice } from "../../support/dice.ts";
import { attack } from "./hostile-client.ts";
import { ServerFixture } from "./server-harness.ts";

describe("the discovery server among clients that keep to no rule", () => {
  it("goes on serving those that do, and keeps nothing of the others", async () => {
    await using fixture = await ServerFixture.start(await TestAuthority.create(), {
      limits: {
        endTimeoutMs: 200,
        idleMs: 200,
        handshakeTimeoutMs: 500,
        keepaliveMs: 300,
        keepaliveTimeoutMs: 300,
      },
    });
    fixture.catalogue.put("Backend", "a", "a0");
    const good = fixture.connect();
    good.subscribe("Backend", "a");
    assert.deepEqual(await good.nextContents(), { a: "a0" });
    for (let round = 1; round <= 10; round++) {
      const attacks = Array.from({ length: 20 }, (_, n) =>
        attack(fixture.server.port, new Dice(round * 100 + n)),
      );
      fixture.catalogue.put("Backend", "a", `a${round}`);
      fixture.publish("a");
      assert.deepEqual(await good.nextContents(), { a: `a${round}` });
      await Promise.all(attacks);
    }
    while (fixture.server.connectionCount > 1) await new Promise(setImmediate);
    assert.equal(fixture.hub.sessionCount, 1);
    assert.equal(fixture.hub.nameCount("Backend"), 1);
    assert.equal(fixture.hub.nameCount("Frontend"), 0);
  });
});
