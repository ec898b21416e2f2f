// Runs inside a network namespace: a controller's server for sidecars, as the parent process asks.
import { StubController } from "../support/stub-controller.ts";
import type { ControllerRequest } from "./namespace-controller.ts";

const controller = await StubController.start();

async function serve({ ask, services }: ControllerRequest): Promise<void> {
  switch (ask) {
    case "put":
      controller.put(...services);
      return;
    case "remove":
      for (const service of services) controller.remove(service);
      return;
    case "stop":
      await controller.stop();
      return;
    case "serve":
      await controller.serve();
  }
}

process.on("message", (request: ControllerRequest) => {
  void serve(request).then(() => process.send?.({ id: request.id }));
});
process.on("disconnect", () => {
  void controller[Symbol.asyncDispose]().then(() => process.exit());
});
process.send?.({ id: 0, result: controller.flags });
