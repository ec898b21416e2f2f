import { messageOf } from "../resources/error-message.ts";
import { type SocketAddress, socketAddress } from "./socket-address.ts";

/** Says in one line why the address of a flag can't be listened on. */
export function bindProblem(flag: string, address: SocketAddress, error: unknown): string {
  return `${flag} ${socketAddress.show(address)} can't be bound: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return "the address is in use";
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return "this machine has no such address";
    case "EACCES":
      return "ports below 1024 need a privilege";
    default:
      return messageOf(error);
  }
}

/** No interface has the address, or the kernel knows nothing of its family. */
export function isAddressMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
