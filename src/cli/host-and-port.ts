import { isIP } from "node:net";
import { joinHostPort } from "../resources/ip-address.ts";
import { invalid, ok, type ValueType } from "./value-type.ts";

/** Where to connect to: an IP address or a name that stands for one or several. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const NAME = /^(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*\.?$/i;

/** `eastbound-controller.eastbound-system:15110`, `10.0.0.1:15110`, `[fd00::1]:15110`. */
export const hostAndPort: ValueType<HostAndPort> = {
  placeholder: "HOST:PORT",
  parse: (text) => {
    const [, bracketed, plain = "", port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
    const isHost = bracketed === undefined ? isIP(plain) === 4 || isName(plain) : isIP(bracketed) === 6;
    if (!isHost || Number(port) < 1 || Number(port) > 65_535) {
      return invalid(
        `must be a host and port as controller:15110 or [::1]:15110, not ${JSON.stringify(text)}`,
      );
    }
    return ok({ host: bracketed ?? plain, port: Number(port) });
  },
  show: ({ host, port }) => joinHostPort(host, port),
};

/** What only has digits and dots is a broken address. */
function isName(host: string): boolean {
  return host.length <= 253 && NAME.test(host) && !/^[\d.]+$/.test(host);
}
