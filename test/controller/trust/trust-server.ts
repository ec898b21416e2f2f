import type { TrustData } from "../../../src/controller/trust/trust-content.ts";
import type {
  StoredTrust,
  TrustAnswer,
  TrustSecretPort,
} from "../../../src/controller/trust/trust-secret-port.ts";

/** An API server with the one Secret. */
export class TrustServer implements TrustSecretPort {
  secret: StoredTrust | undefined;
  /** The answers to give to the next calls instead of doing what is asked, by the name of the call. */
  readonly refusals: { readonly call: "read" | "create" | "replace"; readonly answer: TrustAnswer }[] = [];
  writes = 0;
  onWrite: () => void = () => undefined;
  /** Called between what a read finds and its answer. */
  onRead: () => void = () => undefined;
  #version = 0;

  get data(): TrustData {
    return this.secret?.data ?? {};
  }

  read(): Promise<TrustAnswer> {
    const answer = this.#refusal("read") ?? this.#answer();
    this.onRead();
    return Promise.resolve(answer);
  }

  create(data: TrustData): Promise<TrustAnswer> {
    const refusal = this.#refusal("create");
    if (refusal !== undefined) return Promise.resolve(refusal);
    if (this.secret !== undefined) return Promise.resolve({ kind: "conflict" });
    return Promise.resolve(this.#store({ data, distributed: new Map() }));
  }

  replace(secret: StoredTrust): Promise<TrustAnswer> {
    const refusal = this.#refusal("replace");
    if (refusal !== undefined) return Promise.resolve(refusal);
    if (this.secret === undefined) return Promise.resolve({ kind: "absent" });
    if (secret.resourceVersion !== this.secret.resourceVersion) return Promise.resolve({ kind: "conflict" });
    return Promise.resolve(this.#store({ ...secret, data: { ...this.data, ...secret.data } }));
  }

  /** Somebody's edit by hand; undefined: deleted. */
  edit(data: TrustData | undefined): void {
    if (data === undefined) this.secret = undefined;
    else
      this.#store({
        data: { ...this.secret?.data, ...data },
        distributed: this.secret?.distributed ?? new Map(),
      });
  }

  #answer(): TrustAnswer {
    return this.secret === undefined ? { kind: "absent" } : { kind: "secret", secret: this.secret };
  }

  #store(secret: Omit<StoredTrust, "resourceVersion">): TrustAnswer {
    this.secret = { ...secret, resourceVersion: `${++this.#version}` };
    this.writes++;
    this.onWrite();
    return { kind: "secret", secret: this.secret };
  }

  #refusal(call: string): TrustAnswer | undefined {
    const index = this.refusals.findIndex((refusal) => refusal.call === call);
    return index === -1 ? undefined : this.refusals.splice(index, 1)[0]?.answer;
  }
}
