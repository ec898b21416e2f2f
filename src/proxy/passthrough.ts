import type { Destination } from "./configuration.ts";
import type { ProxyContext } from "./context.ts";
import { reportDefect } from "./defect.ts";
import { EndpointDial } from "./endpoint-dial.ts";
import { startTunnel } from "./tunnel.ts";
import type { Wire, WireOwner } from "./wire.ts";

const UNCOUNTED = { add: (): void => undefined };

/** Carries a connection of which nothing was read to where it was going, as if the proxy were not there. */
export function passThrough(
  context: ProxyContext,
  wire: Wire,
  destination: Destination,
  onEnd: () => void,
): void {
  let hasEnded = false;
  const { activity } = context;
  activity.streams++;
  const over = (): void => {
    activity.streams--;
    activity.lastMs = context.now();
    onEnd();
  };
  const owner: WireOwner = {
    onConnected: () => undefined,
    onBytes: () => undefined,
    onPeerEnd: () => {
      hasEnded = true;
    },
    onDrained: () => undefined,
    onWriteFailed: () => undefined,
    onDefect: (error) => {
      reportDefect(context.log, error);
      wire.destroy();
    },
    onClosed: () => {
      dial.cancel();
      over();
    },
  };
  wire.owner = owner;
  wire.pause();
  const dial = new EndpointDial(
    context,
    { host: destination.address, port: destination.port },
    {
      onDialled(server) {
        startTunnel({
          log: context.log,
          client: wire,
          server,
          fromClient: undefined,
          fromServer: undefined,
          hasClientEnded: hasEnded,
          sent: UNCOUNTED,
          received: UNCOUNTED,
          onEnd: over,
        });
      },
      onDialFailed() {
        wire.reset();
      },
    },
  );
}
