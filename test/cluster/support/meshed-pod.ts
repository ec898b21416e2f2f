import { captureScript, PROXY_ID } from "./capture-rules.ts";

export interface MeshedPodOptions {
  readonly name: string;
  /** Of the program and the load client, see programImage. */
  readonly image: string;
  /** The words after `eastbound`. */
  readonly proxy: readonly string[];
  /** The application. */
  readonly container: object;
  /** More volumes of the pod, and where the sidecar has them. */
  readonly volumes?: readonly object[];
  readonly mounts?: readonly object[];
  /** More of the sidecar's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

const CA_FOLDER = "/var/run/secrets/eastbound.dev/ca";
const TOKEN_FOLDER = "/var/run/secrets/eastbound.dev/token";
const SNAPSHOT_FOLDER = "/var/run/eastbound";

/**
 * A pod with the sidecar as the injector will make it: capture rules by an init container, the proxy as a native sidecar
 * with its token, the CA and a folder for its snapshot, and then the application.
 */
export function meshedPod(options: MeshedPodOptions): object {
  const { name, image, proxy, container, volumes = [], mounts = [], environment = {} } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      initContainers: [
        {
          name: "eastbound-init",
          image,
          command: ["sh", "-c", captureScript],
          securityContext: {
            runAsUser: 0,
            runAsGroup: 0,
            capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
          },
        },
        {
          name: "eastbound-proxy",
          image,
          restartPolicy: "Always",
          args: proxy,
          env: Object.entries({ NODE_OPTIONS: "--disable-warning=ExperimentalWarning", ...environment }).map(
            ([variable, value]) => ({ name: variable, value }),
          ),
          securityContext: {
            runAsUser: PROXY_ID,
            runAsGroup: PROXY_ID,
            runAsNonRoot: true,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
          startupProbe: { httpGet: { path: "/ready", port: 15_102 }, periodSeconds: 1, failureThreshold: 60 },
          volumeMounts: [
            { name: "eastbound-ca", mountPath: CA_FOLDER, readOnly: true },
            { name: "eastbound-token", mountPath: TOKEN_FOLDER, readOnly: true },
            { name: "eastbound-snapshot", mountPath: SNAPSHOT_FOLDER },
            ...mounts,
          ],
        },
      ],
      containers: [container],
      volumes: [
        {
          name: "eastbound-ca",
          projected: { sources: [{ configMap: { name: "eastbound-ca", optional: true } }] },
        },
        {
          name: "eastbound-token",
          projected: {
            sources: [
              {
                serviceAccountToken: {
                  audience: "eastbound.dev/discovery",
                  path: "token",
                  expirationSeconds: 3600,
                },
              },
            ],
          },
        },
        { name: "eastbound-snapshot", emptyDir: {} },
        ...volumes,
      ],
    },
  };
}
