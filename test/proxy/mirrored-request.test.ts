import assert from "node:assert/strict";
import { answerOf, Routed, requestText, saying } from "../support/routed.ts";

const MIRROR = "app/mirror:80";

describe("a mirrored request", () => {
  it("takes no connection that rested for longer than what can't be sent again may take", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("web")], [MIRROR]: [saying("mirror")] },
      rules: [
        {
          filters: [
            {
              kind: "RequestMirror",
              target: { kind: "Backend", name: MIRROR },
              fraction: { numerator: 1, denominator: 1 },
            },
          ],
        },
      ],
      limits: { freshConnectionMs: 0 },
    });
    const client = routed.client();
    for (let n = 1; n <= 3; n++) {
      await answerOf(client, requestText("GET", "/"));
      await routed.until(() => routed.harness.telemetry.count("mirrored", "sent") === n);
      assert.equal(routed.connections(MIRROR), n);
    }
  });
});
