import { isIP } from "node:net";
import { joinHostPort } from "../resources/ip-address.ts";
import { invalid, ok, type ValueType } from "./value-type.ts";

/** Where to listen or to connect. An empty host means every address of both families; port 0 any free one. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:15101`, `[::1]:15101` or `:15102`. Names are not taken: the proxy resolves none. */
export const socketAddress: ValueType<SocketAddress> = {
  placeholder: "ADDR:PORT",
  parse: (text) => {
    const [, bracketed, plain = "", port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
    const host = bracketed ?? plain;
    const isHost = bracketed === undefined ? plain === "" || isIP(plain) === 4 : isIP(bracketed) === 6;
    if (port === undefined || !isHost || Number(port) > 65_535) {
      return invalid(
        `must be an address and port as 127.0.0.1:80, [::1]:80 or :80, not ${JSON.stringify(text)}`,
      );
    }
    return ok({ host, port: Number(port) });
  },
  show: ({ host, port }) => joinHostPort(host, port),
};
