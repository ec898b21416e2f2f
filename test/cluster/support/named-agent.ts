import { createServer } from "node:http";

/** Answers each request with its own name, in the network that it was started in. `named-agent.ts NAME HOST` */
const [name = "", host = ""] = process.argv.slice(2);
const server = createServer((_, response) => response.end(name));
server.listen(0, host, () => process.send?.(server.address()));
process.on("disconnect", () => process.exit());
