import { defineCommand } from "./command.ts";
import { EXAMPLE_PORT_BASE, EXAMPLE_PORT_COUNT } from "./demo/shop.ts";
import { setting, toggle } from "./setting.ts";
import { integer, path } from "./value-type.ts";

export const command = defineCommand({
  about:
    "Shows the sidecar at work: runs the backends of a small shop, a sidecar in front of them and traffic, and tells who " +
    "answers what. Edit the manifests meanwhile and watch the traffic move. Ctrl-C ends it.",
  flags: {
    examples: setting(path("DIR"), "examples/shop", { help: "The folder of the shop's manifests" }),
    "port-base": setting(integer({ min: 1_024, max: 65_535 - EXAMPLE_PORT_COUNT }), EXAMPLE_PORT_BASE, {
      help: `The first of the ${EXAMPLE_PORT_COUNT} ports that are used, all on 127.0.0.1`,
    }),
    once: toggle({ help: "Print one table after some seconds, and end" }),
  },
  file: {},
  check: ({ flags }) => ({
    kind: "ok",
    value: { examples: flags.examples, portBase: flags["port-base"], isOnce: flags.once },
  }),
  run: async (settings, context) => {
    const { runDemo } = await import("./demo/run-demo.ts");
    return await runDemo(settings, context);
  },
});
