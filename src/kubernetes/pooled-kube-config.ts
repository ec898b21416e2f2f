import type { RequestOptions } from "node:https";
import { KubeConfig, type RequestContext } from "@kubernetes/client-node";
import { tlsIdentity } from "./tls-identity.ts";

type DispatcherOptions = ReturnType<KubeConfig["createDispatcherOptions"]>;
type Dispatcher = NonNullable<ReturnType<RequestContext["getDispatcher"]>>;

/**
 * A KubeConfig whose typed calls share connections. client-node 2.0.1 makes a pool for each single call, so that each
 * shakes hands anew and leaves a connection behind that idles for seconds. Here a pool lives until what TLS needs has
 * changed. To go when client-node keeps pools itself.
 */
export class PooledKubeConfig extends KubeConfig {
  #pool: { readonly digest: string; readonly dispatcher: Dispatcher } | undefined;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    // Taken before the pool's own look at the same files: should they change in between, the next call notices.
    const options: RequestOptions = {};
    await this.applyToHTTPSOptions(options);
    const { digest } = tlsIdentity(options);
    await super.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) return;
    if (this.#pool?.digest === digest) context.setDispatcher(this.#pool.dispatcher);
    else this.#pool = { digest, dispatcher };
  }

  /**
   * HTTP/1.1 only: a call that is given up ends its connection then. On HTTP/2 it ends but a stream of the one connection
   * for all calls, and where that has died without a word, all of them wait in vain until the kernel gives it up: a
   * quarter of an hour.
   */
  override createDispatcherOptions(
    ...args: Parameters<KubeConfig["createDispatcherOptions"]>
  ): DispatcherOptions {
    const options = super.createDispatcherOptions(...args);
    if (options.type !== "agent") return options;
    const connect: typeof options.connect & { readonly allowH2: false } = {
      ...options.connect,
      allowH2: false,
    };
    return { ...options, connect };
  }
}
