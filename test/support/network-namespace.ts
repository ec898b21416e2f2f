import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A network of its own, with the addresses 192.0.2.1 and 2001:db8::1, where every other address is routed to and nobody
 * answers. Needs root and iproute2. Its processes must have ended before it is disposed of.
 */
export interface NetworkNamespace extends AsyncDisposable {
  readonly name: string;
  /** Runs a program in it and gives what it printed; rejects where it fails or takes longer than 10 s. */
  readonly exec: (file: string, ...args: readonly string[]) => Promise<string>;
}

let created = 0;

export async function createNetworkNamespace(): Promise<NetworkNamespace> {
  const name = `eastbound-${process.pid}-${created++}`;
  const ip = (args: string): Promise<unknown> => run("ip", args.split(" "));
  await ip(`netns add ${name}`);
  const destroy = async (): Promise<void> => void (await ip(`netns del ${name}`));
  try {
    await ip(`-n ${name} link set lo up`);
    await ip(`-n ${name} link add v0 type veth peer name v1`);
    await ip(`-n ${name} link set v0 up`);
    await ip(`-n ${name} link set v1 up`);
    await ip(`-n ${name} addr add 192.0.2.1/24 dev v0`);
    await ip(`-n ${name} addr add 2001:db8::1/64 dev v0 nodad`);
    await ip(`-n ${name} route add default via 192.0.2.2`);
    await ip(`-n ${name} -6 route add default via 2001:db8::2`);
  } catch (error) {
    await destroy();
    throw error;
  }
  return {
    name,
    exec: async (file, ...args) => {
      const { stdout } = await run("ip", ["netns", "exec", name, file, ...args], { timeout: 10_000 });
      return stdout;
    },
    [Symbol.asyncDispose]: destroy,
  };
}
