// Runs inside a network namespace: a controller's server for sidecars, as the parent process asks.
import { StubController } from "../support/stub-controller.ts";
import type { ControllerRequest } from "./namespace-controller.ts";

const controller = await StubController.start();

process.on("message", ({ id, ask, services }: ControllerRequest) => {
  if (ask === "put") controller.put(...services);
  else for (const service of services) controller.remove(service);
  process.send?.({ id });
});
process.on("disconnect", () => {
  void controller[Symbol.asyncDispose]().then(() => process.exit());
});
process.send?.({ id: 0, result: controller.flags });
