// A controller's server for sidecars in a process of its own: controller.ts SERVICES ENDPOINT_PORT. Has that many
// Services, of which `benchAddress` tells the addresses, and says to its parent how a sidecar gets to it.
import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { StubController, stubRule } from "../../support/stub-controller.ts";
import { SET_HEADER } from "../end-to-end/contestant.ts";
import { benchAddress } from "./bench-address.ts";

const [count = 0, endpointPort = 0] = process.argv.slice(2).map(Number);
const controller = await StubController.start();
await chmod(dirname(controller.caFile), 0o755);
for (let index = 0; index < count; index++) {
  const service = { name: `service-${index}`, ...benchAddress(index) };
  const headers = { set: [{ ...SET_HEADER }], add: [], remove: [] };
  const rule = { ...stubRule("/", service), filters: [{ kind: "RequestHeaderModifier", headers } as const] };
  controller.put({ ...service, endpoints: [{ address: "127.0.0.1", port: endpointPort }], rules: [rule] });
}
process.on("disconnect", () => {
  void controller[Symbol.asyncDispose]().then(() => process.exit());
});
process.send?.(controller.flags);
