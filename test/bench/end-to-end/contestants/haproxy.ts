import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, outputOf } from "../children.ts";
import { type Contestant, IDLE_SECONDS, SET_HEADER, type Setup } from "../contestant.ts";
import { listening } from "../ports.ts";

/** One thread, no log, connections to the endpoint shared by all clients. */
export const haproxy: Contestant = {
  name: "haproxy",
  version: async () => {
    const output = await outputOf({ name: "haproxy", command: "haproxy", args: ["-v"] });
    return /version (\S+)/.exec(output)?.[1] ?? output.trim();
  },
  start: (setup) =>
    startHaproxy(
      setup,
      `frontend service
  mode http
  bind 127.0.0.1:${setup.port} backlog 4096
  use_backend endpoint if { path_beg / }
backend endpoint
  mode http
  option http-keep-alive
  http-reuse always
  http-request set-header ${SET_HEADER.name} ${SET_HEADER.value}
  server one 127.0.0.1:${setup.backendPort}
`,
    ),
};

/** In TCP mode. */
export const haproxyTcp: Contestant = {
  ...haproxy,
  start: (setup) =>
    startHaproxy(
      setup,
      `listen service
  mode tcp
  bind 127.0.0.1:${setup.port} backlog 4096
  server one 127.0.0.1:${setup.backendPort}
`,
    ),
};

async function startHaproxy({ children, cpu, folder, port }: Setup, sections: string): Promise<Child> {
  const file = join(folder, "haproxy.cfg");
  await writeFile(
    file,
    `global
  nbthread 1
  maxconn 9000
defaults
  timeout connect 5s
  timeout client ${IDLE_SECONDS}s
  timeout server ${IDLE_SECONDS}s
  timeout http-keep-alive ${IDLE_SECONDS}s
${sections}`,
  );
  const child = await children.start({
    name: "haproxy",
    command: "haproxy",
    args: ["-db", "-f", file],
    cpu,
  });
  await listening(child, port);
  return child;
}
