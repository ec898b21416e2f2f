import { isRolledOut } from "./rollout.ts";
import type { TestNamespace } from "./test-namespace.ts";

/** The echo program of Gateway API's conformance suite, which tells what it was sent. */
const ECHO_IMAGE = "registry.k8s.io/gateway-api/echo-advanced:v1.5.1";

export interface EchoOptions {
  /** Of the Deployment; also its pods' label `app`. */
  readonly name: string;
  /** 1 where it is not given. */
  readonly replicas?: number;
  /** What makes the pods new: a changed one rolls the Deployment out. */
  readonly revision?: string;
  /** The image of the program: its backend drains when it is told to end, and the conformance suite's does not. */
  readonly drainingImage?: string;
}

/** A Deployment of echo pods, whose port 8080 speaks HTTP. They serve for 5 s after they were told to end. */
export function echoDeployment({ name, replicas = 1, revision = "1", drainingImage }: EchoOptions): object {
  const suite = { image: ECHO_IMAGE, args: ["--port=8080", `--version=${revision}`] };
  const draining = {
    image: drainingImage,
    command: ["node", "/opt/eastbound/echo-server.ts"],
    env: [{ name: "VERSION", value: revision }],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { app: name }, annotations: { revision } },
        spec: {
          terminationGracePeriodSeconds: 10,
          containers: [
            {
              name: "echo",
              ...(drainingImage === undefined ? suite : draining),
              imagePullPolicy: "IfNotPresent",
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
            },
          ],
        },
      },
    },
  };
}

/** A Service of the pods with the label `app: app` (its own name where it is not given), from port 80 to 8080. */
export function echoService(name: string, app: string = name): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: {
      selector: { app },
      ipFamilyPolicy: "PreferDualStack",
      ports: [{ name: "http", appProtocol: "http", port: 80, targetPort: 8080 }],
    },
  };
}

/** Waits until a Deployment's rollout is done. */
export async function rolledOut(namespace: TestNamespace, name: string, timeoutMs = 60_000): Promise<void> {
  const what = "finish its rollout";
  await namespace.until("apps/v1", "Deployment", name, isRolledOut, { what, timeoutMs });
}

/** The addresses of a Service, IPv4 first on the rig. */
export async function clusterIps(namespace: TestNamespace, service: string): Promise<readonly string[]> {
  const found = await namespace.until("v1", "Service", service, (each) => each !== undefined);
  return (found?.["spec"] as { readonly clusterIPs?: readonly string[] } | undefined)?.clusterIPs ?? [];
}

/** What the echo program says of a request: the fields of its answer by their names, repeated ones in their order. */
export function readEcho(body: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const line of body.split("\n")) {
    const at = line.indexOf("=");
    if (at < 0) continue;
    const name = line.slice(0, at);
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [line.slice(at + 1)]);
    else values.push(line.slice(at + 1));
  }
  return fields;
}
