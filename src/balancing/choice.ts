import type { AffinityTable } from "./affinity-table.ts";
import { type BalancedEndpoint, preferredOf } from "./balanced-endpoint.ts";
import { hashText, rendezvousWeight } from "./rendezvous.ts";

/** What a choice takes into account besides the candidates. */
export interface ChoiceInput {
  readonly candidates: readonly BalancedEndpoint[];
  readonly now: number;
  readonly tried: readonly BalancedEndpoint[];
}

/**
 * Power of two choices among the fittest of the candidates: those that were not tried yet, and of them those that are
 * not avoided after failed connects. The slow path of a choice: it looks at every candidate.
 */
export function chooseAmongFittest(input: ChoiceInput, random: () => number): BalancedEndpoint | undefined {
  const { candidates, now } = input;
  let best = UNFIT;
  let count = 0;
  for (const candidate of candidates) {
    const unfitness = unfitnessOf(candidate, input);
    if (unfitness > best) continue;
    count = unfitness === best ? count + 1 : 1;
    best = unfitness;
  }
  const one = (random() * count) | 0;
  const draw = (random() * (count - 1)) | 0;
  const first = nthOf(input, best, one);
  const second = nthOf(input, best, draw < one ? draw : draw + 1);
  return first === undefined || second === undefined ? first : preferredOf(first, second, now);
}

/**
 * The endpoint that the client had, else the one that it belongs to by rendezvous hashing, of the fittest candidates;
 * the table remembers it.
 */
export function chooseForClient(
  input: ChoiceInput,
  table: AffinityTable,
  client: string,
): BalancedEndpoint | undefined {
  const { candidates, now } = input;
  const last = table.find(client, now);
  const family = candidates[0]?.description.family;
  const isLastIn = last !== undefined && last.isCandidate && last.description.family === family;
  if (isLastIn && unfitnessOf(last, input) === 0) return last;
  const chosen = heaviestOf(input, hashText(client), isLastIn ? last : undefined);
  if (chosen !== undefined) table.remember(client, chosen, now);
  return chosen;
}

function heaviestOf(
  input: ChoiceInput,
  client: number,
  last: BalancedEndpoint | undefined,
): BalancedEndpoint | undefined {
  let chosen: BalancedEndpoint | undefined;
  let best = UNFIT;
  let heaviest = -1;
  for (const candidate of input.candidates) {
    const unfitness = unfitnessOf(candidate, input);
    const weight = candidate === last ? Number.POSITIVE_INFINITY : rendezvousWeight(client, candidate.hash);
    if (unfitness > best || (unfitness === best && weight <= heaviest)) continue;
    chosen = candidate;
    best = unfitness;
    heaviest = weight;
  }
  return chosen;
}

const UNFIT = 4;

/** 0: fit; 1: avoided after failed connects; 2: already tried; 3: both. */
function unfitnessOf(endpoint: BalancedEndpoint, input: ChoiceInput): number {
  return (input.tried.includes(endpoint) ? 2 : 0) + (endpoint.isEjected(input.now) ? 1 : 0);
}

function nthOf(input: ChoiceInput, unfitness: number, nth: number): BalancedEndpoint | undefined {
  let rest = nth;
  for (const candidate of input.candidates) {
    if (unfitnessOf(candidate, input) === unfitness && rest-- === 0) return candidate;
  }
  return undefined;
}
