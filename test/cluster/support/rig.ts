import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, "../rig");

/** Programs of node 1 that can be killed and held down. */
export type RigProgram =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "containerd"
  | "kubelet"
  | "kube-proxy";

/** A program that is held down until it is released. */
export interface HeldProgram extends AsyncDisposable {
  /** Lets it start again; for the API server, resolves once it is ready. */
  readonly release: () => Promise<void>;
}

/** The cluster that the scripts in test/cluster/rig boot, as KUBE_RIG_HOME and the like say. Needs root. */
export class Rig {
  readonly home: string;
  readonly kubeconfig: string;
  readonly cache: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.home =
      environment["KUBE_RIG_HOME"] ??
      join(environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kube-rig");
    this.cache = environment["KUBE_RIG_CACHE"] ?? this.home;
    this.kubeconfig = join(this.home, "kubeconfig");
  }

  /** Whether node 1 is up. */
  isRunning(): boolean {
    return this.#nodePid() !== undefined;
  }

  /** Boots it, or starts what is missing, showing the progress on standard error; the base image and CRDs come too. */
  async up(): Promise<void> {
    await this.script("prepare", "base", "buildah", "crds");
    await this.script("up");
  }

  async down(): Promise<void> {
    await this.script("down");
  }

  /** Runs one of the rig's scripts, whose progress is shown. */
  async script(name: string, ...args: readonly string[]): Promise<void> {
    const child = spawn(join(SCRIPTS, name), args, { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`test/cluster/rig/${name} ${args.join(" ")} ended with ${code}`);
  }

  /** Words that run a program of the machine in node 1's network, where pods and Services can be reached. */
  get inNetwork(): readonly string[] {
    return ["nsenter", "-t", String(this.#pid()), "-n", "--"];
  }

  /** Runs a program inside node 1 (all of its namespaces) and gives what it printed. */
  async enter(file: string, ...args: readonly string[]): Promise<string> {
    const words = ["-t", String(this.#pid()), "-m", "-n", "-u", "-i", "-p", "--", file, ...args];
    const { stdout } = await run("nsenter", words, {
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        PATH: `${join(this.cache, "bin")}:${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
      },
    });
    return stdout;
  }

  /** Whether node 1 has an image of the name. */
  async hasImage(name: string): Promise<boolean> {
    const names = await this.enter("ctr", "-n", "k8s.io", "images", "ls", "-q");
    return names.split("\n").includes(name);
  }

  /** Forgets the archives of images that were built under a name (without tag), which new nodes would get. */
  async removeArchives(repository: string): Promise<void> {
    const images = join(this.cache, "images");
    const prefix = `built-${repository.replaceAll(/[^a-zA-Z0-9._-]/g, "_")}_`;
    for (const file of await readdir(images)) {
      if (file.startsWith(prefix)) await rm(join(images, file));
    }
  }

  /** The machine's ids of a container's processes, its first one first; empty where it does not run. */
  async containerPids(podUid: string, container: string): Promise<readonly number[]> {
    const filter = `labels."io.kubernetes.pod.uid"==${podUid},labels."io.kubernetes.container.name"==${container}`;
    const ids = (await this.enter("ctr", "-n", "k8s.io", "containers", "ls", "-q", filter))
      .trim()
      .split("\n");
    const pids: number[] = [];
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const cgroup = readText(`/proc/${entry}/cgroup`);
      if (ids.some((id) => id !== "" && cgroup.includes(id))) pids.push(Number(entry));
    }
    return pids.sort((a, b) => a - b);
  }

  /** Words that run a program of the machine in the network of a pod. */
  async inPodNetwork(podUid: string, container: string): Promise<readonly string[]> {
    const [pid] = await this.containerPids(podUid, container);
    if (pid === undefined) throw new Error(`the container ${container} of pod ${podUid} does not run`);
    return ["nsenter", "-t", String(pid), "-n", "--"];
  }

  /** Starts a program in node 1's network, with pipes. Whoever starts it ends it. */
  spawnInNetwork(file: string, ...args: readonly string[]): ChildProcess {
    const [program = "", ...words] = [...this.inNetwork, file, ...args];
    return spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
  }

  /**
   * Kills a program of node 1 and holds it down. Only on a cluster of one's own: everybody else on it is hit as well.
   */
  async hold(program: RigProgram): Promise<HeldProgram> {
    const file = join(this.home, "run/node-1", `hold.${program}`);
    await writeFile(file, "");
    await this.kill(program);
    const release = async (): Promise<void> => {
      await rm(file, { force: true });
      if (program === "kube-apiserver") await this.apiServerReady();
    };
    return { release, [Symbol.asyncDispose]: release };
  }

  /** Kills a program of node 1; it is started again after a second. */
  async kill(program: RigProgram): Promise<void> {
    await this.enter("pkill", "-KILL", "-x", program.slice(0, 15));
  }

  /** Waits until the API server answers that it is ready, for a minute at most. */
  async apiServerReady(): Promise<void> {
    const kubectl = join(this.cache, "bin/kubectl");
    const ready = async (): Promise<boolean> => {
      try {
        await run(kubectl, ["--kubeconfig", this.kubeconfig, "get", "--raw", "/readyz"], { timeout: 5000 });
        return true;
      } catch {
        return false;
      }
    };
    const end = performance.now() + 60_000;
    while (!(await ready())) {
      if (performance.now() > end) throw new Error("the API server is not ready after a minute");
      // Nothing tells of a server that is not there yet.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #pid(): number {
    const pid = this.#nodePid();
    if (pid === undefined) throw new Error("node-1 of the rig is not running");
    return pid;
  }

  /** The machine's id of node 1's first process. */
  #nodePid(): number | undefined {
    const [pid = 0, start] = readWords(join(this.home, "run/node-1/pid"));
    // The 22nd field of stat is the start time; the name before it may hold spaces.
    const stat = readText(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, "")
      .split(" ");
    return start !== undefined && stat[19] === start ? Number(pid) : undefined;
  }
}

function readWords(path: string): readonly string[] {
  return readText(path).trim().split(" ");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
