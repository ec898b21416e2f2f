import { ListenCapture, type ListenError } from "../proxy/capture/listen.ts";
import type { Destination } from "../proxy/configuration.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { Logger } from "../telemetry/logger.ts";
import { bindProblem, isAddressMissing } from "./bind-problem.ts";
import type { CaptureSettings } from "./proxy-settings.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";

/** How connections come to the proxy. */
export interface Capture extends AsyncDisposable {
  /** Takes note of the Services' addresses. Resolves with those that can't be served. */
  update(destinations: ReadonlyMap<string, Destination>): Promise<readonly ListenError[]>;
}

/** @throws an Error whose message says why connections can't be captured that way */
export async function startCapture(
  proxy: Proxy,
  settings: CaptureSettings,
  logger: Logger,
): Promise<Capture> {
  if (settings.kind === "listen") return new ListenCapture(proxy);
  const [{ loadOriginalDestination }, { startRedirectCapture }] = await Promise.all([
    import("../platform/original-destination.ts"),
    import("../proxy/capture/redirect.ts"),
  ]);
  const support = loadOriginalDestination();
  if (support.kind === "unavailable") throw new Error(`--capture redirect ${support.message}`);
  const log = {
    error: (message: string, fields: Readonly<Record<string, string | number>>) =>
      logger.limited("error", message, "", fields),
  };
  await using resources = new AsyncDisposableStack();
  for (const listener of settings.listeners) {
    const { host: address, port } = listener;
    try {
      resources.use(
        await startRedirectCapture(proxy, {
          listen: { address, port },
          readOriginalDestination: support.read,
          log,
        }),
      );
    } catch (error) {
      if (!(settings.isDefault && isIPv6Loopback(listener) && isAddressMissing(error)))
        throw new Error(bindProblem("--listen", listener, error), { cause: error });
      logger.info("IPv6 is off: only IPv4 is captured", { address: socketAddress.show(listener) });
    }
  }
  const listeners = resources.move();
  return {
    update: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => listeners[Symbol.asyncDispose](),
  };
}

function isIPv6Loopback({ host }: SocketAddress): boolean {
  return host === "::1";
}
