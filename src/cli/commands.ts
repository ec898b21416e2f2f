import type { Command } from "./command.ts";

/** A command before it is loaded: what `eastbound --help` says of it, and where it is. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the help. A command is one file of this folder and one line here. */
export const commands: readonly CommandEntry[] = [
  {
    name: "proxy",
    summary: "Run the sidecar, on a folder of manifests or behind a controller",
    load: async () => (await import("./proxy.ts")).command,
  },
  {
    name: "controller",
    summary: "Run a replica of the control plane",
    load: async () => (await import("./controller.ts")).command,
  },
  {
    name: "status",
    summary: "Show the sidecars of a cluster, and whether they have what is in force",
    load: async () => (await import("./status.ts")).command,
  },
  {
    name: "explain",
    summary: "Tell why a request goes where it goes",
    load: async () => (await import("./explain.ts")).command,
  },
  {
    name: "demo",
    summary: "Show the sidecar at work, with backends and traffic of its own",
    load: async () => (await import("./demo.ts")).command,
  },
];
