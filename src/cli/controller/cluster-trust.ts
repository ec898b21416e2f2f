import { AuthenticationV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import type { ControllerClock } from "../../controller/clock.ts";
import type { ControllerLog } from "../../controller/controller-log.ts";
import { COMPONENT_NAME } from "../../controller/controller-name.ts";
import { createBundleApi } from "../../controller/trust/bundle-api.ts";
import { BundleDistributor } from "../../controller/trust/bundle-distributor.ts";
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
import {
  bundleReflection,
  membershipReflection,
  secretReflection,
  type TrustReflection,
} from "../../controller/trust/trust-reflections.ts";
import { createTrustSecretApi } from "../../controller/trust/trust-secret-api.ts";
import type { Authenticate } from "../../discovery/server/authentication.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../kubernetes/reflector.ts";

export interface ClusterTrustOptions extends Pick<ReflectorOptions<unknown>, "api" | "random"> {
  readonly config: KubeConfig;
  readonly clock: ControllerClock;
  readonly log: ReflectorOptions<unknown>["log"] & ControllerLog;
  /** The controller's own namespace. */
  readonly namespace: string;
  readonly onChange: (change: TrustChange) => void;
  /** A token was judged. */
  readonly onToken: (outcome: TokenOutcome) => void;
}

/**
 * How sidecars and this replica come to trust each other: it checks their tokens and serves with the certificate of the
 * Secret; while it leads, it makes and rotates what is in the Secret and brings the CAs to the namespaces.
 */
export class ClusterTrust {
  readonly certificates: ServingCertificate;
  readonly authenticate: Authenticate;
  readonly #maintainer: TrustMaintainer;
  /** By the kind of their objects. */
  readonly reflectors: ReadonlyMap<string, Reflector>;

  constructor(options: ClusterTrustOptions) {
    const { config, clock, random, log, namespace, onChange, onToken } = options;
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
      maps: createBundleApi(core),
      ownNamespace: namespace,
      synced: synced.promise,
      clock,
      random,
      log,
      onEverywhere: () => this.#maintainer.poke(),
    });
    this.#maintainer = createTrustMaintainer({
      secrets: createTrustSecretApi({ api: core, namespace }),
      distribution,
      names: namesOf(namespace),
      clock,
      random,
      log,
      onChange,
    });
    const namespaces = reflect(options, membershipReflection, (changes) =>
      distribution.observeNamespaces(changes),
    );
    const maps = reflect(options, bundleReflection, (changes) => distribution.observeMaps(changes));
    const secret = reflect(options, secretReflection(namespace), (changes) => {
      for (const change of changes) {
        this.certificates.observe(change.kind === "upsert" ? change.object : undefined);
      }
      this.#maintainer.poke();
    });
    this.reflectors = new Map([
      ["Namespace", namespaces],
      ["ConfigMap", maps],
      ["Secret", secret],
    ]);
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
  run(signal: AbortSignal, mayWrite: () => boolean): Promise<void> {
    return this.#maintainer.run(signal, mayWrite);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.stop()));
  }
}

function reflect<T>(
  { api, clock, random, log }: ClusterTrustOptions,
  what: TrustReflection<T>,
  onChanges: ReflectorOptions<T>["onChanges"],
): Reflector {
  return startReflector<T>({ ...what, onChanges, api, clock, random, log });
}

/** What sidecars call the controller by: its Service, which is headless, in every form that resolves. */
function namesOf(namespace: string): readonly string[] {
  const inNamespace = `${COMPONENT_NAME}.${namespace}`;
  return [COMPONENT_NAME, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
