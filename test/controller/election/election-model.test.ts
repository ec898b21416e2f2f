import assert from "node:assert/strict";
import fc from "fast-check";
import { Dice } from "../../support/dice.ts";
import { SimulatedTime } from "../../support/simulated-time.ts";
import { LeaseServer, type Network, Replica } from "./simulated-cluster.ts";

interface Chaos {
  readonly replicas: number;
  readonly seed: number;
  /** Shares of requests and of answers that never arrive. */
  readonly lostRequests: number;
  readonly lostAnswers: number;
  /** The longest way of a message that does arrive, in milliseconds. */
  readonly slowestMs: number;
}

/** Several replicas with wrong clocks on a bad network, paused, killed, stopped and started as it comes. */
class Model {
  readonly time = new SimulatedTime();
  readonly server = new LeaseServer();
  readonly writes: string[] = [];
  replicas: Replica[] = [];
  isCalm = false;
  leaders = new Set<string>();
  readonly #chaos: Chaos;
  readonly #dice: Dice;
  #started = 0;

  constructor(chaos: Chaos) {
    this.#chaos = chaos;
    this.#dice = new Dice(chaos.seed);
    for (let i = 0; i < chaos.replicas; i++) this.start();
  }

  start(): void {
    const random = (): number => this.#dice.next();
    const delay = (lost: number) => (): number | undefined => {
      if (this.isCalm) return random() * 20;
      return random() < lost ? undefined : random() ** 3 * this.#chaos.slowestMs;
    };
    const network: Network = {
      requestDelay: delay(this.#chaos.lostRequests),
      answerDelay: delay(this.#chaos.lostAnswers),
    };
    const { time, server } = this;
    // Within two seconds, or decades, of the right time; now and then it jumps.
    const wallTime = (): number =>
      Math.floor(random() * 2) * 1_000 + (random() < 0.02 ? random() * 1e12 : 0) + time.nowMs;
    const onWrite = (term: string): void => {
      if (this.writes.at(-1) !== term) this.writes.push(term);
    };
    const rate = 0.98 + random() * 0.04;
    const name = `replica-${++this.#started}`;
    this.replicas.push(new Replica({ time, server, network, name, rate, wallTime, random, onWrite }));
  }

  /** Somebody or something meddles. */
  async disturb(): Promise<void> {
    const random = (): number => this.#dice.next();
    const one = this.replicas[Math.floor(random() * this.replicas.length)];
    const what = random();
    if (what < 0.4) {
      one?.pause();
      this.time.after(random() * 40_000, () => one?.resume());
    } else if (what < 0.5) {
      one?.kill();
      this.#replace(one);
    } else if (what < 0.6) {
      void one?.election.stop();
      this.#replace(one);
    } else if (what < 0.7) this.server.touch();
    await this.time.pass(random() * 20_000, () => this.check());
  }

  /** One that was stopped goes on for a while, as it gives the Lease back. */
  #replace(gone: Replica | undefined): void {
    this.time.after(30_000, () => {
      this.replicas = this.replicas.filter((r) => r !== gone);
    });
    this.start();
  }

  check(): void {
    const leading = this.replicas.filter((r) => !r.isGone && r.election.isLeading);
    assert.ok(leading.length <= 1, `${leading.map((r) => r.name).join(" and ")} lead at once`);
    for (const { name } of leading) this.leaders.add(name);
  }

  async calm(): Promise<void> {
    this.isCalm = true;
    for (const replica of this.replicas) replica.resume();
    await this.time.pass(120_000, () => this.check());
  }

  async end(): Promise<void> {
    const stopped = Promise.all(this.replicas.map((r) => r.election.stop()));
    await this.time.pass(60_000, () => this.check());
    await stopped;
  }
}

const chaos = fc.record<Chaos>({
  replicas: fc.integer({ min: 2, max: 4 }),
  seed: fc.integer(),
  lostRequests: fc.constantFrom(0, 0.05, 0.3),
  lostAnswers: fc.constantFrom(0, 0.05, 0.3),
  slowestMs: fc.constantFrom(10, 1_000, 8_000, 60_000),
});

describe("election, whatever happens", function () {
  this.timeout(60_000);

  it("never has two leaders, and always finds one", async () => {
    await fc.assert(
      fc.asyncProperty(chaos, async (chaos) => {
        const model = new Model(chaos);
        for (let i = 0; i < 25; i++) await model.disturb();
        await model.calm();
        const alive = model.replicas.filter((r) => !r.isGone);
        assert.equal(alive.filter((r) => r.election.isLeading).length, 1);
        assert.deepEqual(new Set(alive.map((r) => r.election.leader)).size, 1);
        await model.end();
        // Once another term has written, no write of an earlier one arrives.
        assert.deepEqual(model.writes, [...new Set(model.writes)]);
        assert.equal(model.server.lease?.record.holder, "", "the last leader gave it back");
      }),
      { numRuns: 120 },
    );
  });
});
