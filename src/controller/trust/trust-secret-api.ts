import { type CoreV1Api, PatchStrategy, type V1Secret } from "@kubernetes/client-node";
import { apiFailure } from "../api-call.ts";
import { COMPONENT_NAME } from "../controller-name.ts";
import { writeOptions } from "../election/write-options.ts";
import type { TrustData } from "./trust-content.ts";
import {
  authorityKeysKey,
  bundleKey,
  distributedAnnotation,
  ownerLabel,
  servingChainKey,
  servingKeyKey,
  trustSecretName,
} from "./trust-names.ts";
import {
  readDistributed,
  type StoredTrust,
  type TrustAnswer,
  type TrustSecretPort,
  writeDistributed,
} from "./trust-secret-port.ts";

export interface TrustSecretApiOptions {
  readonly api: CoreV1Api;
  readonly namespace: string;
}

/** The Secret at the API server. Each call ends within the time that a leader's write may take. */
export function createTrustSecretApi(options: TrustSecretApiOptions): TrustSecretPort {
  const { api, namespace } = options;
  const name = trustSecretName;
  const labels = { [ownerLabel]: COMPONENT_NAME };
  return {
    read: (signal) => answer(() => api.readNamespacedSecret({ name, namespace }, writeOptions(signal))),
    create: (data, signal) => {
      const body = { metadata: { name, labels }, type: "Opaque", data: encode(data) };
      const create = () =>
        api.createNamespacedSecret({ namespace, body, fieldManager: COMPONENT_NAME }, writeOptions(signal));
      return answer(create, "failed");
    },
    replace: ({ data, distributed, resourceVersion }, signal) => {
      const annotations = { [distributedAnnotation]: writeDistributed(distributed) };
      const body: unknown = { metadata: { resourceVersion, labels, annotations }, data: encode(data) };
      const options = writeOptions(signal, PatchStrategy.MergePatch);
      return answer(() =>
        api.patchNamespacedSecret({ name, namespace, body, fieldManager: COMPONENT_NAME }, options),
      );
    },
  };
}

/** @param notFound what 404 means: what is to be made can't be absent, but its namespace can, which is to be told */
async function answer(
  call: () => Promise<V1Secret>,
  notFound: "absent" | "failed" = "absent",
): Promise<TrustAnswer> {
  try {
    return { kind: "secret", secret: readTrustSecret(await call()) };
  } catch (error) {
    const { status, message } = apiFailure(error);
    if (status === 404 && notFound === "absent") return { kind: "absent" };
    return status === 409 ? { kind: "conflict" } : { kind: "failed", message };
  }
}

const ownKeys = [bundleKey, authorityKeysKey, servingChainKey, servingKeyKey];

/** The Secret, as the API server and watches give it: our own values, decoded. */
export function readTrustSecret({ metadata, data }: V1Secret): StoredTrust {
  return {
    data: Object.fromEntries(
      ownKeys.map((key) => [key, Buffer.from(data?.[key] ?? "", "base64").toString()]),
    ),
    distributed: readDistributed(metadata?.annotations?.[distributedAnnotation] ?? ""),
    resourceVersion: metadata?.resourceVersion ?? "",
  };
}

function encode(data: TrustData): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
}
