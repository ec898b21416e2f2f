/** The user and group that the proxy runs as: what it sends itself is not captured. */
export const PROXY_ID = 15_100;

interface Family {
  readonly command: string;
  readonly services: string;
  readonly apiServer: string;
}

/** As the rig has them (test/cluster/rig/lib.sh). */
const FAMILIES: readonly Family[] = [
  { command: "iptables", services: "10.96.0.0/16", apiServer: "10.96.0.1" },
  { command: "ip6tables", services: "fd00:10:96::/112", apiServer: "fd00:10:96::1" },
];

/**
 * A shell script for a pod's init container: TCP connections to Services go to the proxy on port 15101, but for those of
 * the proxy itself, to DNS and to the API server.
 */
export const captureScript: string = [
  "set -e",
  ...FAMILIES.flatMap(({ command, services, apiServer }) => [
    `${command} -t nat -N EASTBOUND`,
    `${command} -t nat -A EASTBOUND -d ${apiServer} -j RETURN`,
    `${command} -t nat -A EASTBOUND -p tcp --dport 53 -j RETURN`,
    `${command} -t nat -A EASTBOUND -p tcp -j REDIRECT --to-ports 15101`,
    `${command} -t nat -A OUTPUT -p tcp -d ${services} -m owner ! --uid-owner ${PROXY_ID} -j EASTBOUND`,
  ]),
].join("\n");
