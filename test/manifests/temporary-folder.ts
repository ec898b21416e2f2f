import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of its own for one test, and short words for what tests do in it. Names are below it. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await realpath(await mkdtemp(join(tmpdir(), "eastbound-"))));
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file in place; its folders come to be as needed. */
  async write(name: string, text: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), text);
  }

  async makeFolder(name: string): Promise<void> {
    await mkdir(this.at(name), { recursive: true });
  }

  async link(name: string, target: string): Promise<void> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await symlink(target, this.at(name));
  }

  async move(name: string, to: string): Promise<void> {
    await rename(this.at(name), this.at(to));
  }

  async remove(name: string): Promise<void> {
    await rm(this.at(name), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
