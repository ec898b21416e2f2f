import { randomBytes } from "node:crypto";
import { cluster } from "./cluster.ts";
import { type AnyObject, ClusterObjects, type Manifests, type UntilOptions } from "./objects.ts";

/** A namespace of one test's own, deleted with everything in it when it is disposed of. */
export class TestNamespace implements AsyncDisposable {
  readonly name: string;
  /** The objects of the whole cluster. */
  readonly objects: ClusterObjects;

  private constructor(name: string, objects: ClusterObjects) {
    this.name = name;
    this.objects = objects;
  }

  /** `prefix` tells whose it is, should it be left behind. Waits for its default ServiceAccount, which pods need. */
  static async create(
    prefix = "test",
    labels: Readonly<Record<string, string>> = {},
  ): Promise<TestNamespace> {
    const name = `${prefix}-${randomBytes(4).toString("hex")}`;
    const objects = new ClusterObjects(cluster().config);
    const created = new TestNamespace(name, objects);
    await objects.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }]);
    await created.until("v1", "ServiceAccount", "default", (account) => account !== undefined);
    return created;
  }

  /** Creates or changes what is in here, unless an object names another namespace. */
  apply(manifests: Manifests): Promise<readonly AnyObject[]> {
    return this.objects.apply(manifests, this.name);
  }

  delete(manifests: Manifests): Promise<void> {
    return this.objects.delete(manifests, this.name);
  }

  read(apiVersion: string, kind: string, name: string): Promise<AnyObject | undefined> {
    return this.objects.read({ apiVersion, kind, name, namespace: this.name });
  }

  /** As `ClusterObjects.until`. */
  until(
    apiVersion: string,
    kind: string,
    name: string,
    isWanted: (object: AnyObject | undefined) => boolean,
    options?: UntilOptions,
  ): Promise<AnyObject | undefined> {
    return this.objects.until({ apiVersion, kind, name, namespace: this.name }, isWanted, options);
  }

  /** Begins the deletion; what is in it goes in its own time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.objects.delete([{ apiVersion: "v1", kind: "Namespace", metadata: { name: this.name } }]);
  }
}
