import { cluster } from "./cluster.ts";
import { ClusterObjects } from "./objects.ts";

export interface TokenOptions {
  readonly namespace: string;
  /** "default" where it is not given. */
  readonly serviceAccount?: string;
  /** What the token is for; the API server itself where it is not given. */
  readonly audience?: string;
  /** Of at least 600 s, which is what it is where it is not given. */
  readonly lifeSeconds?: number;
  /** A pod that the token is bound to: with it the token ends. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** A token of a ServiceAccount, made by TokenRequest. */
export async function requestToken(options: TokenOptions): Promise<string> {
  const { namespace, serviceAccount = "default", audience, lifeSeconds = 600, pod } = options;
  const api = new ClusterObjects(cluster().config).api;
  const answer = await api.call(`/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`, {
    method: "POST",
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        expirationSeconds: lifeSeconds,
        ...(audience === undefined ? {} : { audiences: [audience] }),
        ...(pod === undefined ? {} : { boundObjectRef: { apiVersion: "v1", kind: "Pod", ...pod } }),
      },
    },
  });
  return (answer as { readonly status: { readonly token: string } }).status.token;
}
