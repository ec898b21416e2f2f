import { resourceTypeOf } from "../../../src/discovery/resource-types.ts";
import { SimulatedSidecar, trusting } from "../../support/simulated-sidecar.ts";
import { backendNameOf, frontendNameOf, SERVICES, SERVICES_PER_SIDECAR } from "./mesh.ts";
import { type FromSidecars, nowMicros, type ToSidecars } from "./processes.ts";

/** How many sidecars of one process connect at the same time. */
const AT_ONCE = 20;

/** Hundreds of sidecars, each with a connection of its own. */
export function runSidecars(): void {
  let received: [string, number][] = [];
  let bytesBefore = 0;
  let lost = 0;
  const sidecars: SimulatedSidecar[] = [];
  const send = (message: FromSidecars): void => void process.send?.(message);
  const bytes = (): number => sidecars.reduce((sum, { bytesRead }) => sum + bytesRead, 0);

  const connect = async (number: number, port: number, trust: ReturnType<typeof trusting>): Promise<void> => {
    const first = Promise.withResolvers<void>();
    let missing = 2 * SERVICES_PER_SIDECAR;
    const sidecar = await SimulatedSidecar.connect({
      port,
      trust,
      token: `sidecar-${number}`,
      onResponse: ({ typeUrl, resources }) => {
        const at = nowMicros();
        missing -= resources.length;
        if (missing <= 0) first.resolve();
        if (resourceTypeOf(typeUrl) !== "Backend") return;
        for (const { version } of resources) received.push([version, at]);
      },
      onEnd: () => lost++,
    });
    sidecars.push(sidecar);
    const services = Array.from(
      { length: SERVICES_PER_SIDECAR },
      (_, n) => (number * 31 + n * 49) % SERVICES,
    );
    sidecar.subscribe("Frontend", services.map(frontendNameOf));
    sidecar.subscribe("Backend", services.map(backendNameOf));
    await first.promise;
  };

  const connectAll = async ({ port, ca, first, count }: ToSidecars & { kind: "connect" }): Promise<void> => {
    const trust = trusting(ca);
    const numbers = Array.from({ length: count }, (_, n) => first + n).values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const number of numbers) await connect(number, port, trust);
      }),
    );
    received = [];
    bytesBefore = bytes();
    send({ kind: "connected" });
  };

  process.on("message", (message: ToSidecars) => {
    if (message.kind === "connect") void connectAll(message);
    else {
      send({ kind: "received", versions: received, bytes: bytes() - bytesBefore, lost });
      for (const sidecar of sidecars) sidecar.close();
      process.disconnect?.();
    }
  });
}
