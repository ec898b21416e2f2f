import assert from "node:assert/strict";
import {
  createTokenAuthenticator,
  type TokenAuthenticatorOptions,
  tokenLimits,
} from "../../../../src/controller/trust/tokens/token-authenticator.ts";
import type { ReviewAnswer } from "../../../../src/controller/trust/tokens/token-review-port.ts";
import type { Authentication } from "../../../../src/discovery/server/authentication.ts";
import { quiet } from "../../election/simulated-cluster.ts";

const audience = "eastbound.dev/discovery";
const startMs = Date.parse("2026-12-01T00:00:00Z");
const seconds = startMs / 1_000;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown): string => `${part({ alg: "RS256" })}.${part(claims)}.c2lnbmF0dXJl`;
const token = (more: object = {}): string => jwt({ aud: [audience], exp: seconds + 3_600, ...more });

type Reviewed = Extract<ReviewAnswer, { kind: "reviewed" }>;

const good: Reviewed = {
  kind: "reviewed",
  isAuthenticated: true,
  audiences: [audience],
  username: "system:serviceaccount:shop:cart",
  extra: {
    "authentication.kubernetes.io/pod-name": ["cart-1"],
    "authentication.kubernetes.io/pod-uid": ["u-1"],
    "authentication.kubernetes.io/node-name": ["node-1"],
  },
};
const down: ReviewAnswer = { kind: "failed", message: "connection refused" };
const unauthenticated: Reviewed = { ...good, isAuthenticated: false, audiences: [], username: "", extra: {} };

const identity = { namespace: "shop", pod: "cart-1", podUid: "u-1", serviceAccount: "cart", node: "node-1" };

describe("token authenticator", () => {
  let nowMs: number;
  let jumpMs: number;
  let answer: ReviewAnswer;
  let reviews: string[];
  let outcomes: string[];

  beforeEach(() => {
    nowMs = 0;
    jumpMs = 0;
    answer = good;
    reviews = [];
    outcomes = [];
  });

  const create = (
    more: Partial<TokenAuthenticatorOptions> = {},
  ): ReturnType<typeof createTokenAuthenticator> =>
    createTokenAuthenticator({
      review: (each) => {
        reviews.push(each);
        return Promise.resolve(answer);
      },
      clock: { now: () => nowMs, wallTime: () => startMs + nowMs + jumpMs },
      log: quiet,
      onOutcome: (outcome, refusal) => outcomes.push(refusal ?? outcome),
      ...more,
    });

  it("tells the pod that a token is bound to, and until when", async () => {
    assert.deepEqual(await create()(token()), { kind: "ok", identity, expiresAtMs: startMs + 3_600_000 });
    assert.deepEqual(outcomes, ["reviewed"]);
  });

  it("takes a pod whose node the API server does not tell", async () => {
    const { "authentication.kubernetes.io/node-name": _, ...extra } = good.extra;
    answer = { ...good, extra };
    const { node: __, ...rest } = identity;
    const told = (await create()(token())) as Extract<Authentication, { kind: "ok" }>;
    assert.deepEqual(told.identity, rest);
  });

  const { "authentication.kubernetes.io/pod-uid": _uid, ...withoutUid } = good.extra;
  for (const { name, sent = token(), answers = good, reason, isReviewed } of [
    { name: "no JWT", sent: "secret", reason: "malformed token", isReviewed: false },
    { name: "nothing", sent: "", reason: "malformed token", isReviewed: false },
    { name: "what is no JSON", sent: "a.b.c", reason: "malformed token", isReviewed: false },
    { name: "what is no object", sent: jwt(7), reason: "malformed token", isReviewed: false },
    { name: "16 KB", sent: `${token()}${"a".repeat(16_384)}`, reason: "malformed token", isReviewed: false },
    {
      name: "another audience's",
      sent: token({ aud: ["https://kubernetes.default.svc"] }),
      reason: "token for another audience",
      isReviewed: false,
    },
    {
      name: "no audience's",
      sent: token({ aud: 1 }),
      reason: "token for another audience",
      isReviewed: false,
    },
    {
      name: "one that only says to be for us",
      answers: { ...good, audiences: ["https://kubernetes.default.svc"] },
      reason: "token for another audience",
      isReviewed: true,
    },
    {
      name: "one of an authenticator without audiences",
      answers: { ...good, audiences: [] },
      reason: "token for another audience",
      isReviewed: true,
    },
    {
      name: "an expired one",
      sent: token({ exp: seconds - 1 }),
      answers: unauthenticated,
      reason: "the token has expired",
      isReviewed: true,
    },
    {
      name: "a revoked or forged one",
      answers: unauthenticated,
      reason: "token not accepted by the API server",
      isReviewed: true,
    },
    {
      name: "a user's",
      answers: { ...good, username: "system:admin" },
      reason: "token of no ServiceAccount",
      isReviewed: true,
    },
    {
      name: "a name that only begins like a ServiceAccount's",
      answers: { ...good, username: "system:serviceaccount:shop:cart:x" },
      reason: "token of no ServiceAccount",
      isReviewed: true,
    },
    {
      name: "one bound to no pod",
      answers: { ...good, extra: {} },
      reason: "token bound to no pod",
      isReviewed: true,
    },
    {
      name: "one bound to a pod without uid",
      answers: { ...good, extra: withoutUid },
      reason: "token bound to no pod",
      isReviewed: true,
    },
  ]) {
    it(`refuses ${name}: ${reason}`, async () => {
      answer = answers;
      assert.deepEqual(await create()(sent), { kind: "refused", reason });
      assert.deepEqual(outcomes, [reason]);
      assert.equal(reviews.length, isReviewed ? 1 : 0);
    });
  }

  it("reads an audience that is no list, and a token that never expires", async () => {
    const told = await create()(jwt({ aud: audience }));
    assert.deepEqual(told, { kind: "ok", identity, expiresAtMs: startMs + tokenLimits.staleMs });
  });

  it("remembers an accepted token for two minutes, then asks again", async () => {
    const authenticate = create();
    for (const at of [0, 60_000, 119_999]) {
      nowMs = at;
      await authenticate(token());
    }
    assert.equal(reviews.length, 1);
    nowMs = 120_000;
    answer = unauthenticated;
    assert.equal((await authenticate(token())).kind, "refused", "it was revoked");
    assert.equal(reviews.length, 2);
  });

  it("asks again, however recent the answer, when the token has expired", async () => {
    const authenticate = create();
    const brief = token({ exp: seconds + 60 });
    await authenticate(brief);
    nowMs = 60_000;
    answer = unauthenticated;
    assert.deepEqual(await authenticate(brief), { kind: "refused", reason: "the token has expired" });
  });

  it("remembers a refused token for ten seconds", async () => {
    answer = unauthenticated;
    const authenticate = create();
    await authenticate(token());
    nowMs = 9_999;
    await authenticate(token());
    assert.equal(reviews.length, 1);
    nowMs = 10_000;
    answer = good;
    assert.equal((await authenticate(token())).kind, "ok");
    assert.equal((await authenticate(token())).kind, "ok");
    assert.equal(reviews.length, 2);
  });

  it("takes known tokens for ten minutes while the API server is away, and says it of others", async () => {
    const authenticate = create();
    await authenticate(token());
    answer = down;
    nowMs = 599_999;
    assert.equal((await authenticate(token())).kind, "ok");
    await assert.rejects(authenticate(token({ sub: "other" })), /can't be reviewed now: connection refused/);
    nowMs = 600_000;
    await assert.rejects(authenticate(token()));
    assert.deepEqual(outcomes, ["reviewed", "remembered, unavailable", "unavailable", "unavailable"]);
    answer = good;
    assert.equal((await authenticate(token())).kind, "ok", "as soon as it is back");
  });

  it("has no known token wait for an API server that has just not answered", async () => {
    const authenticate = create();
    await Promise.all([authenticate(token()), authenticate(token({ sub: "other" }))]);
    answer = down;
    nowMs = 130_000;
    await authenticate(token());
    nowMs = 134_999;
    assert.equal((await authenticate(token({ sub: "other" }))).kind, "ok");
    assert.equal(reviews.length, 3);
    nowMs = 135_000;
    await authenticate(token({ sub: "other" }));
    assert.equal(reviews.length, 4, "asks again after a while");
    answer = good;
    await authenticate(token({ sub: "third" }));
    await authenticate(token());
    assert.equal(reviews.length, 6, "asks again once another was answered");
  });

  it("takes no expired token while the API server is away", async () => {
    const authenticate = create();
    const brief = token({ exp: seconds + 130 });
    await authenticate(brief);
    answer = down;
    nowMs = 130_000;
    await assert.rejects(authenticate(brief));
  });

  it("is not misled by a wall clock that jumps", async () => {
    const authenticate = create();
    await authenticate(token());
    jumpMs = 1e12;
    const expiresAtMs = startMs + jumpMs + tokenLimits.staleMs;
    const told = { kind: "ok", identity, expiresAtMs };
    assert.deepEqual(
      await authenticate(token()),
      told,
      "the API server says so, and streams last for a while",
    );
    assert.deepEqual(await authenticate(token()), told);
    assert.equal(reviews.length, 2);
    jumpMs = -1e12;
    nowMs = 130_000;
    answer = unauthenticated;
    assert.equal((await authenticate(token())).kind, "refused", "it was revoked");
  });

  it("takes no token for longer than it was made for, however far the wall clock is behind", async () => {
    jumpMs = -1e12;
    const told = await create()(token({ iat: seconds }));
    assert.deepEqual(told, { kind: "ok", identity, expiresAtMs: startMs + jumpMs + 3_600_000 });
  });

  it("asks once for a token that many come with at a time", async () => {
    const authenticate = create();
    const all = await Promise.all(Array.from({ length: 50 }, () => authenticate(token())));
    assert.equal(reviews.length, 1);
    assert.equal(new Set(all).size, 1);
  });

  it("asks for few at a time, and turns away what can't even wait", async () => {
    const answers: ((answer: ReviewAnswer) => void)[] = [];
    const authenticate = create({
      review: () => new Promise((resolve) => answers.push(resolve)),
      limits: { ...tokenLimits, mostReviews: 2, mostWaiting: 3 },
    });
    const all = Promise.allSettled(Array.from({ length: 6 }, (_, i) => authenticate(token({ sub: `${i}` }))));
    for (let i = 0; i < 5; i++) {
      assert.ok(answers.length <= 2);
      while (answers.length === 0) await new Promise(setImmediate);
      answers.shift()?.(good);
    }
    const settled = await all;
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["fulfilled", "fulfilled", "fulfilled", "fulfilled", "fulfilled", "rejected"],
    );
    assert.equal(outcomes.filter((outcome) => outcome === "unavailable").length, 1);
  });

  it("forgets the oldest when there are many", async () => {
    const authenticate = create({ limits: { ...tokenLimits, mostTokens: 2 } });
    for (const sub of ["a", "b", "c"]) await authenticate(token({ sub }));
    await authenticate(token({ sub: "b" }));
    assert.equal(reviews.length, 3);
    await authenticate(token({ sub: "a" }));
    assert.equal(reviews.length, 4);
  });

  it("lets bad tokens push out no good ones", async () => {
    const authenticate = create({ limits: { ...tokenLimits, mostTokens: 2 } });
    await authenticate(token());
    answer = unauthenticated;
    for (const sub of ["a", "b", "c"]) await authenticate(token({ sub }));
    assert.equal((await authenticate(token())).kind, "ok");
    assert.equal(reviews.length, 4);
  });
});
