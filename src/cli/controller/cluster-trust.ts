import { isDeepStrictEqual } from "node:util";
import {
  AuthenticationV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1ConfigMap,
  type V1Namespace,
  type V1Secret,
} from "@kubernetes/client-node";
import type { ControllerClock } from "../../controller/clock.ts";
import type { ControllerLog } from "../../controller/controller-log.ts";
import { createBundleApi, readBundleMap } from "../../controller/trust/bundle-api.ts";
import { BundleDistributor, type NamespaceState } from "../../controller/trust/bundle-distributor.ts";
import type { BundleMap } from "../../controller/trust/bundle-port.ts";
import {
  createTrustMaintainer,
  type TrustChange,
  type TrustMaintainer,
} from "../../controller/trust/maintain-trust.ts";
import { ServingCertificate } from "../../controller/trust/serving-certificate.ts";
import {
  createTokenAuthenticator,
  type TokenOutcome,
} from "../../controller/trust/tokens/token-authenticator.ts";
import { createTokenReviewApi } from "../../controller/trust/tokens/token-review-api.ts";
import { bundleMapName, injectLabel, trustSecretName } from "../../controller/trust/trust-names.ts";
import { createTrustSecretApi, readTrustSecret } from "../../controller/trust/trust-secret-api.ts";
import type { StoredTrust } from "../../controller/trust/trust-secret-port.ts";
import type { Authenticate } from "../../discovery/server/authentication.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../kubernetes/reflector.ts";

export interface ClusterTrustOptions extends Pick<ReflectorOptions<unknown>, "api" | "random"> {
  readonly config: KubeConfig;
  readonly clock: ControllerClock;
  readonly log: ReflectorOptions<unknown>["log"] & ControllerLog;
  /** The controller's own namespace. */
  readonly namespace: string;
  readonly fieldManager: string;
  readonly onChange: (change: TrustChange) => void;
  /** A token was judged. */
  readonly onToken: (outcome: TokenOutcome) => void;
}

/**
 * Whom the control plane trusts, and why it is trusted: tokens, and certificates. Of these, what this replica serves with, and, while it leads, the making, rotating and
 * distributing of all. Follows the Secret, the namespaces and the ConfigMaps that bring the CAs to them.
 */
export class ClusterTrust {
  readonly certificates: ServingCertificate;
  readonly authenticate: Authenticate;
  readonly #maintainer: TrustMaintainer;
  readonly #reflectors: readonly Reflector[];

  constructor(options: ClusterTrustOptions) {
    const { config, clock, random, log, namespace, fieldManager, onChange, onToken } = options;
    this.authenticate = createTokenAuthenticator({
      review: createTokenReviewApi(config.makeApiClient(AuthenticationV1Api)),
      clock,
      log,
      onOutcome: onToken,
    });
    const core = config.makeApiClient(CoreV1Api);
    this.certificates = new ServingCertificate(log);
    const synced = Promise.withResolvers<void>();
    const distribution = new BundleDistributor({
      maps: createBundleApi(core, fieldManager),
      ownNamespace: namespace,
      synced: synced.promise,
      clock,
      random,
      log,
      onEverywhere: () => this.#maintainer.poke(),
    });
    this.#maintainer = createTrustMaintainer({
      secrets: createTrustSecretApi({ api: core, namespace, fieldManager }),
      distribution,
      names: namesOf(namespace),
      clock,
      random,
      log,
      onChange,
    });
    const namespaces = reflect<NamespaceState>(options, {
      resource: { group: "", version: "v1", plural: "namespaces" },
      read: (raw) => stateOf(raw as V1Namespace),
      onChanges: (changes) => distribution.observeNamespaces(changes),
    });
    const maps = reflect<BundleMap>(options, {
      resource: { group: "", version: "v1", plural: "configmaps" },
      fieldSelector: `metadata.name=${bundleMapName}`,
      read: (raw) => readBundleMap(raw as V1ConfigMap),
      onChanges: (changes) => distribution.observeMaps(changes),
    });
    const secret = reflect<StoredTrust>(options, {
      resource: { group: "", version: "v1", plural: "secrets" },
      namespace,
      fieldSelector: `metadata.name=${trustSecretName}`,
      read: (raw) => readTrustSecret(raw as V1Secret),
      onChanges: (changes) => {
        for (const change of changes) {
          this.certificates.observe(change.kind === "upsert" ? change.object : undefined);
        }
        this.#maintainer.poke();
      },
    });
    this.#reflectors = [namespaces, maps, secret];
    void Promise.all([namespaces.synced, maps.synced]).then(() => synced.resolve());
  }

  /** What `/config` shows. */
  describe(): unknown {
    const { expiresMs, authorityExpiresMs } = this.certificates;
    return { expires: timeOf(expiresMs), authorityExpires: timeOf(authorityExpiresMs) };
  }

  /** Resolves once there is a certificate to serve with. */
  async certified(): Promise<void> {
    if (this.certificates.current() !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopFollowing = this.certificates.onChange(resolve);
    await promise;
    stopFollowing();
  }

  /** The leader's part. */
  lead(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    return this.#maintainer.run(signal, mayWrite);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }
}

type Reflected<T> = Pick<
  ReflectorOptions<T>,
  "resource" | "namespace" | "fieldSelector" | "read" | "onChanges"
>;

function reflect<T>({ api, clock, random, log }: ClusterTrustOptions, what: Reflected<T>): Reflector {
  return startReflector<T>({ isSame: isDeepStrictEqual, api, clock, random, log, ...what });
}

function stateOf({ metadata, status }: V1Namespace): NamespaceState {
  if (metadata?.deletionTimestamp !== undefined || status?.phase === "Terminating") return "terminating";
  return metadata?.labels?.[injectLabel] === "enabled" ? "meshed" : "other";
}

/** What sidecars call the controller by: its Service, which is headless, in every form that resolves. */
function namesOf(namespace: string): readonly string[] {
  const service = "eastbound-controller";
  return [
    service,
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.cluster.local`,
  ];
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
