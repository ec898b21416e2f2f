import type { ApiResource } from "./api-resource.ts";

/** Which objects are meant. */
export interface ObjectSelection {
  readonly resource: ApiResource;
  /** All namespaces where absent. */
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface ListRequest extends ObjectSelection {
  /** The most objects of one page; absent: all that there are. */
  readonly limit?: number;
  /** From the page before; absent for the first. */
  readonly continueToken?: string;
}

/** What follows a page's objects. */
export interface ListPage {
  readonly resourceVersion: string;
  /** Absent after the last page. */
  readonly continueToken?: string;
}

export interface WatchRequest extends ObjectSelection {
  readonly resourceVersion: string;
  /** When the server is to end the watch. */
  readonly timeoutSeconds: number;
}

export type WatchEvent =
  | { readonly kind: "event"; readonly type: string; readonly object: unknown }
  /** What came was no event: broken or oversized. */
  | { readonly kind: "malformed" };

export interface WatchObserver {
  /** The server agreed to the watch. */
  readonly onOpen: () => void;
  /** Never after the signal. Several that came together are one batch; none means that bytes came, but no whole event. */
  readonly onEvents: (events: readonly WatchEvent[]) => void;
}

/**
 * What a reflector needs of the API server. Both calls reject with an ApiError, and as soon as the signal says so with
 * anything.
 */
export interface WatchApi {
  /** Hands over each object of one page as it arrives; undefined stands for one that can't be read. */
  list(request: ListRequest, onItem: (item: unknown) => void, signal: AbortSignal): Promise<ListPage>;
  /** Resolves when the server ends the watch in good order. */
  watch(request: WatchRequest, observer: WatchObserver, signal: AbortSignal): Promise<void>;
}
