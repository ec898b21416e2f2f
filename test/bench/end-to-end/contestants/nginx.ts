import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Child, type Children, outputOf } from "../children.ts";
import { type Contestant, IDLE_SECONDS, SET_HEADER, type Setup } from "../contestant.ts";
import { listening } from "../ports.ts";

/** As a proxy: one worker, no access log, connections to the endpoint kept. */
export const nginx: Contestant = {
  name: "nginx",
  version: nginxVersion,
  start: async ({ children, cpu, folder, port, backendPort }: Setup) => {
    const http = `
  upstream endpoint {
    server 127.0.0.1:${backendPort};
    keepalive 1024;
    keepalive_requests 1000000000;
    keepalive_timeout ${IDLE_SECONDS}s;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://endpoint;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header ${SET_HEADER.name} ${SET_HEADER.value};
    }
  }`;
    return await startNginx({ children, cpu, folder, port, name: "nginx", http });
  },
};

/** The endpoint of all runs: `/12` answers 12 bytes, `/1k` 1,024, both at once and from memory. */
export async function startBackend({
  children,
  cpu,
  folder,
  port,
}: Omit<Setup, "backendPort">): Promise<Child> {
  const body = (length: number): string => "0123456789abcdef".repeat(length / 4).slice(0, length);
  const http = `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /12 { return 200 "${body(12)}"; }
    location = /1k { return 200 "${body(1_024)}"; }
    location / { return 200 "${body(12)}"; }
  }`;
  return await startNginx({ children, cpu, folder, port, name: "backend", http });
}

async function nginxVersion(): Promise<string> {
  const output = await outputOf({ name: "nginx", command: "nginx", args: ["-v"] });
  return /nginx\/(\S+)/.exec(output)?.[1] ?? output.trim();
}

interface NginxOptions extends Omit<Setup, "backendPort"> {
  readonly children: Children;
  readonly name: string;
  /** What stands inside `http { }` beyond the common part. */
  readonly http: string;
}

async function startNginx({ children, cpu, folder, port, name, http }: NginxOptions): Promise<Child> {
  const file = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `  ${kind}_temp_path ${join(folder, kind)};`)
    .join("\n");
  await writeFile(
    file,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${join(folder, "nginx.pid")};
error_log ${join(folder, "error.log")};
events { worker_connections 16384; }
http {
${temporary}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout ${IDLE_SECONDS}s;
  tcp_nodelay on;${http}
}
`,
  );
  const child = await children.start({
    name,
    command: "nginx",
    args: ["-e", join(folder, "error.log"), "-p", folder, "-c", file],
    cpu,
  });
  await listening(child, port);
  return child;
}
