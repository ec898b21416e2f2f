/** `host`, `host:port`, `[v6]`, `[v6]:port` (RFC 3986, section 3.2.2), so that nothing else of a URL fits in. */
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(:[0-9]*)?$/;

/** Whether a text can be a Host header. */
export function isHost(host: string): boolean {
  return HOST.test(host);
}

/** Undefined for what is no host. */
export function hostWithoutPort(host: string): string | undefined {
  return HOST.exec(host)?.[1];
}
