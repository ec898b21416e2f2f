import assert from "node:assert/strict";
import type {
  ListPage,
  ListRequest,
  WatchApi,
  WatchObserver,
  WatchRequest,
} from "../../src/kubernetes/watch-api.ts";

/** A list that the reflector waits for. */
export class ListCall {
  readonly kind = "list";
  readonly request: ListRequest;
  readonly signal: AbortSignal;
  readonly answer = Promise.withResolvers<ListPage>();
  readonly #onItem: (item: unknown) => void;

  constructor(request: ListRequest, onItem: (item: unknown) => void, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    this.#onItem = onItem;
    rejectOnAbort(signal, this.answer);
  }

  items(...items: readonly unknown[]): void {
    for (const item of items) this.#onItem(item);
  }

  async end(resourceVersion: string, continueToken?: string): Promise<void> {
    this.answer.resolve({ resourceVersion, ...(continueToken === undefined ? {} : { continueToken }) });
    await settled();
  }

  async fail(error: Error): Promise<void> {
    this.answer.reject(error);
    await settled();
  }
}

/** A watch that is under way. */
export class WatchCall {
  readonly kind = "watch";
  readonly request: WatchRequest;
  readonly signal: AbortSignal;
  readonly answer = Promise.withResolvers<void>();
  readonly observer: WatchObserver;

  constructor(request: WatchRequest, observer: WatchObserver, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    this.observer = observer;
    rejectOnAbort(signal, this.answer);
  }

  /** Events as [type, object]; one batch. */
  async send(...events: readonly (readonly [type: string, object: unknown])[]): Promise<void> {
    this.observer.onEvents(events.map(([type, object]) => ({ kind: "event", type, object })));
    await settled();
  }

  async sendMalformed(): Promise<void> {
    this.observer.onEvents([{ kind: "malformed" }]);
    await settled();
  }

  async end(): Promise<void> {
    this.answer.resolve();
    await settled();
  }

  async fail(error: Error): Promise<void> {
    this.answer.reject(error);
    await settled();
  }
}

/** An API server that answers when the test says so. */
export class ScriptedApi implements WatchApi {
  readonly #waiting: (ListCall | WatchCall)[] = [];

  list(request: ListRequest, onItem: (item: unknown) => void, signal: AbortSignal): Promise<ListPage> {
    const call = new ListCall(request, onItem, signal);
    this.#waiting.push(call);
    return call.answer.promise;
  }

  watch(request: WatchRequest, observer: WatchObserver, signal: AbortSignal): Promise<void> {
    const call = new WatchCall(request, observer, signal);
    this.#waiting.push(call);
    return call.answer.promise;
  }

  /** The next list, which must have been asked for, optionally of the given plural. */
  nextList(plural?: string): ListCall {
    const call = this.#take(plural);
    assert.ok(call.kind === "list", "a list must come next, not a watch");
    return call;
  }

  /** The next watch; the server agrees to it. */
  nextWatch(plural?: string): WatchCall {
    const call = this.nextUnopened(plural);
    call.observer.onOpen();
    return call;
  }

  nextUnopened(plural?: string): WatchCall {
    const call = this.#take(plural);
    assert.ok(call.kind === "watch", "a watch must come next, not a list");
    return call;
  }

  assertNothingAsked(): void {
    assert.deepEqual(
      this.#waiting.map(({ kind, request }) => `${kind} ${request.resource.plural}`),
      [],
    );
  }

  #take(plural: string | undefined): ListCall | WatchCall {
    const at = this.#waiting.findIndex(
      ({ request }) => plural === undefined || request.resource.plural === plural,
    );
    const [call] = at < 0 ? [] : this.#waiting.splice(at, 1);
    assert.ok(call, "nothing was asked for");
    return call;
  }
}

function rejectOnAbort(signal: AbortSignal, { reject }: { reject: (reason: unknown) => void }): void {
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener("abort", () => reject(signal.reason));
}

/** Lets everything that was started by what happened so far come to its end. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** An object as the API server sends it. */
export function rawObject(name: string, resourceVersion: string, more: object = {}): object {
  return { metadata: { namespace: "shop", name, resourceVersion, uid: `uid-${name}` }, ...more };
}

export function bookmark(resourceVersion: string): readonly ["BOOKMARK", object] {
  return ["BOOKMARK", { kind: "Service", metadata: { resourceVersion } }];
}
