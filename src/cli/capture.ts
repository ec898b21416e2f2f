import { ListenCapture, type ListenError } from "../proxy/capture/listen.ts";
import type { Destination, Proxy } from "../proxy/proxy.ts";
import type { CaptureSettings } from "./proxy-settings.ts";

/** How connections come to the proxy. */
export interface Capture extends AsyncDisposable {
  /** Takes note of the Services' addresses. Resolves with those that can't be served. */
  update(destinations: ReadonlyMap<string, Destination>): Promise<readonly ListenError[]>;
}

/** @throws an Error whose message says why connections can't be captured that way */
export async function startCapture(proxy: Proxy, settings: CaptureSettings): Promise<Capture> {
  if (settings.kind === "listen") return new ListenCapture(proxy);
  const [{ loadOriginalDestination }, { startRedirectCapture }] = await Promise.all([
    import("../platform/original-destination.ts"),
    import("../proxy/capture/redirect.ts"),
  ]);
  const support = loadOriginalDestination();
  if (support.kind === "unavailable") throw new Error(`--capture redirect ${support.message}`);
  const resources = new AsyncDisposableStack();
  for (const { host, port } of settings.listeners) {
    resources.use(await startRedirectCapture(proxy, { address: host, port }, support.read));
  }
  return {
    update: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}
