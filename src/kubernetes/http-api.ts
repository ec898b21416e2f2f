import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import { isRecord } from "../resources/read/field.ts";
import { ApiConnection, connectionError } from "./api-connection.ts";
import { ApiError } from "./api-error.ts";
import { collectionPath } from "./api-resource.ts";
import { LineSplitter } from "./line-splitter.ts";
import { ListSplitter } from "./list-splitter.ts";
import type {
  ListPage,
  ListRequest,
  ObjectSelection,
  WatchApi,
  WatchEvent,
  WatchObserver,
  WatchRequest,
} from "./watch-api.ts";

/** etcd holds objects of up to 1.5 MB as it packs them; JSON is some times that. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
/** About what is parsed in 2 ms. */
const BYTES_A_TURN = 65_536;

/** The API server that `config` tells of, on connections that all reflectors share. */
export function createWatchApi(config: KubeConfig): WatchApi {
  const connection = new ApiConnection(config);
  return {
    list: (request, onItem, signal) => list(connection, request, onItem, signal),
    watch: (request, observer, signal) => watch(connection, request, observer, signal),
  };
}

async function list(
  connection: ApiConnection,
  request: ListRequest,
  onItem: (item: unknown) => void,
  signal: AbortSignal,
): Promise<ListPage> {
  const path = pathOf(request, {
    limit: request.limit === undefined ? undefined : String(request.limit),
    continue: request.continueToken,
  });
  const response = await connection.get(path, signal);
  const splitter = new ListSplitter(MAX_OBJECT_BYTES, (text) => {
    if (!signal.aborted) onItem(text === undefined ? undefined : parse(text));
  });
  await consume(response, signal, (chunk) => splitter.push(chunk));
  return pageOf(parse(splitter.end() ?? ""));
}

async function watch(
  connection: ApiConnection,
  request: WatchRequest,
  observer: WatchObserver,
  signal: AbortSignal,
): Promise<void> {
  const path = pathOf(request, {
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: request.resourceVersion,
    timeoutSeconds: String(request.timeoutSeconds),
  });
  const response = await connection.get(path, signal);
  observer.onOpen();
  let events: WatchEvent[] = [];
  const splitter = new LineSplitter(MAX_OBJECT_BYTES, (line) => {
    events.push(eventOf(line === undefined ? undefined : parse(line)));
  });
  const deliver = (): void => {
    const batch = events;
    events = [];
    observer.onEvents(batch);
  };
  await consume(response, signal, (chunk) => {
    splitter.push(chunk);
    deliver();
  });
  splitter.end();
  deliver();
}

function pathOf(
  selection: ObjectSelection,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const { resource, namespace, fieldSelector, labelSelector } = selection;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...parameters, fieldSelector, labelSelector })) {
    if (value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return collectionPath(resource, namespace) + (text === "" ? "" : `?${text}`);
}

/** Reads the body, and lets other work of the program go on in between, however fast it comes. */
async function consume(
  response: IncomingMessage,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      onChunk(chunk);
      bytes += chunk.length;
      if (bytes >= BYTES_A_TURN) {
        bytes = 0;
        await nextTurn();
      }
    }
  } catch (error) {
    throw connectionError(error);
  }
  signal.throwIfAborted();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function eventOf(value: unknown): WatchEvent {
  if (!isRecord(value) || typeof value["type"] !== "string") return { kind: "malformed" };
  return { kind: "event", type: value["type"], object: value["object"] };
}

function pageOf(list: unknown): ListPage {
  const metadata = isRecord(list) && isRecord(list["metadata"]) ? list["metadata"] : undefined;
  const resourceVersion = metadata?.["resourceVersion"];
  const token = metadata?.["continue"];
  if (typeof resourceVersion !== "string" || resourceVersion === "") {
    throw new ApiError("the API server sent something that is no list", { reason: "MalformedList" });
  }
  return { resourceVersion, ...(typeof token === "string" && token !== "" ? { continueToken: token } : {}) };
}
