import type { ResourceCodec } from "../discovery/client/client-ports.ts";
import { decodeBackend } from "../discovery/encoding/decode-backend.ts";
import { decodeFrontendInSteps } from "../discovery/encoding/decode-frontend.ts";
import { decodeSelf } from "../discovery/encoding/self.ts";

/** How what the controller sends is read. */
export const codec: ResourceCodec = {
  frontend: decodeFrontendInSteps,
  backend: decodeBackend,
  self: decodeSelf,
};
