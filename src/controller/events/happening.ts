import { createHash } from "node:crypto";
import type { EventDraft, ObjectReference } from "./event-draft.ts";
import type { NewEvent } from "./event-port.ts";
import { EVENT_REASONS, type EventKind } from "./event-reasons.ts";

/** What an Event says, and how often it has happened. */
export class Happening {
  /** Of the Event: it follows from what it says, so that everybody who says it means the same Event. */
  readonly name: string;
  readonly namespace: string;
  readonly kind: EventKind;
  /** Times that are not written yet. */
  unwritten = 0;
  /** What the Event says, as far as it is known; 0: it may not be there. */
  count = 0;
  /** The last time, in ms since 1970. */
  at = 0;
  /** No write before (monotonic ms). */
  notBefore = Number.NEGATIVE_INFINITY;
  /** In a row. */
  failures = 0;
  readonly #draft: EventDraft;

  constructor(draft: EventDraft) {
    this.#draft = draft;
    this.name = nameOf(draft);
    this.namespace = namespaceOf(draft.regarding);
    this.kind = EVENT_REASONS[draft.reason];
  }

  get regarding(): ObjectReference {
    return this.#draft.regarding;
  }

  toEvent(uid: string | undefined, count: number): NewEvent {
    const { regarding, reason, note } = this.#draft;
    const { name, namespace, at } = this;
    const { type, action } = this.kind;
    const about = uid === undefined ? regarding : { ...regarding, uid };
    return { name, namespace, regarding: about, type, reason, action, note: cut(note), at, count };
  }
}

/** Tells happenings apart. */
export function happeningKey(draft: EventDraft): string {
  return `${namespaceOf(draft.regarding)}/${nameOf(draft)}`;
}

/** Events about objects without a namespace are in this one, where `kubectl describe` looks for them. */
function namespaceOf({ namespace }: ObjectReference): string {
  return namespace === "" ? "default" : namespace;
}

function nameOf({ regarding, reason, note }: EventDraft): string {
  const { kind, namespace, name, uid = "" } = regarding;
  const content = JSON.stringify([kind, namespace, name, uid, reason, note]);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1)}.${hash}`;
}

const HASH_LENGTH = 16;
const MAX_NAME_LENGTH = 253;

/** An Event's note has at most 1,024 bytes. */
function cut(note: string): string {
  const bytes = Buffer.from(note.toWellFormed());
  if (bytes.length <= MAX_NOTE_BYTES) return bytes.toString();
  // Decoding replaces a character that was cut in two.
  return `${bytes.toString("utf8", 0, MAX_NOTE_BYTES - 6).replace(/\uFFFD$/, "")}…`;
}

const MAX_NOTE_BYTES = 1024;
