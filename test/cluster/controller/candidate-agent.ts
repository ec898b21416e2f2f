// Takes part in an election as a process of its own: node candidate-agent.ts KUBECONFIG NAMESPACE LEASE IDENTITY. Prints a line
// a write, with the time; ends on SIGTERM.
import { CoordinationV1Api, KubeConfig } from "@kubernetes/client-node";
import { startElection } from "../../../src/controller/election/election.ts";
import { createLeaseApi } from "../../../src/controller/election/lease-api.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { quickLimits } from "./quick-election.ts";

const [kubeconfig = "", namespace = "", name = "", identity = ""] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const print = (message: string): void => void process.stdout.write(`${message}\n`);
const api = config.makeApiClient(CoordinationV1Api);

const election = startElection({
  leases: createLeaseApi({ api, namespace, name }),
  identity,
  clock: systemClock,
  random: Math.random,
  limits: quickLimits,
  log: { info: () => undefined, warn: () => undefined, limited: () => undefined },
  lead: async (signal, mayWrite) => {
    // As often as can be, so that a process that is stopped anywhere has a write to do right after.
    while (!signal.aborted) {
      if (mayWrite()) print(`write ${Date.now()}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  },
});

process.once("SIGTERM", () => {
  void election.stop().then(() => {
    process.exitCode = 0;
    process.stdout.end();
  });
});
