// Loaded into the sidecar by --import, with --expose-gc: on SIGUSR2 writes down what is left after a collection.
import { renameSync, writeFileSync } from "node:fs";

const file = process.env["MEMORY_REPORT"] ?? "";

process.on("SIGUSR2", () => {
  for (let n = 0; n < 3; n++) global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
});
