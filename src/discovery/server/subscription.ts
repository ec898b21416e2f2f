/** The version of what does not exist, in the books of a subscription. */
export const ABSENT = "";

/**
 * One name that one sidecar wants to know of. Versions are those of the content, `ABSENT` for none, and undefined for
 * "nothing yet".
 */
export interface Subscription<Session> {
  readonly session: Session;
  readonly name: string;
  /** What the sidecar has, as far as it said so. */
  accepted: string | undefined;
  /** What it was sent last, and did not refuse. */
  sent: string | undefined;
  /** What it would not take. It is not sent again. */
  refused: string | undefined;
  /** Sent and not answered yet. Until then nothing else is sent for this name: only the latest content counts. */
  isInFlight: boolean;
  /** Changed while in flight. */
  isStale: boolean;
  /** Was part of a refused response of several: it is sent alone next, to find out whose fault it was. */
  isSuspect: boolean;
  /** When the sidecar fell behind what there is, by the hub's clock. Undefined while it is in sync. */
  behindSinceMs: number | undefined;
}

export function newSubscription<Session>(session: Session, name: string): Subscription<Session> {
  return {
    session,
    name,
    accepted: undefined,
    sent: undefined,
    refused: undefined,
    isInFlight: false,
    isStale: false,
    isSuspect: false,
    behindSinceMs: undefined,
  };
}
