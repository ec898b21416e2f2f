import assert from "node:assert/strict";
import { defineCommand } from "../../src/cli/command.ts";
import {
  type ControllerSettings,
  checkControllerSettings,
  controllerFlags,
} from "../../src/cli/controller-settings.ts";
import type { Result } from "../../src/resources/result.ts";

function settingsOf(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ControllerSettings | readonly string[] {
  const told: ControllerSettings[] = [];
  const command = defineCommand({
    about: "",
    flags: controllerFlags,
    file: {},
    check: (input): Result<ControllerSettings> => {
      const checked = checkControllerSettings(input);
      told.push(...(checked.kind === "ok" ? [checked.value] : []));
      return checked;
    },
    run: () => Promise.resolve(0),
  });
  const planned = command.plan({ words, environment, config: undefined, isTerminal: false });
  if (planned.kind === "invalid") return planned.problems.map(({ path, message }) => `${path} ${message}`);
  return told[0] ?? [];
}

describe("eastbound controller's settings", () => {
  it("need none in a pod", () => {
    assert.deepEqual(settingsOf([]), {
      listen: { host: "", port: 15_110 },
      metrics: { host: "", port: 15_102 },
      admin: { host: "127.0.0.1", port: 15_103 },
      kubeconfig: undefined,
      namespace: undefined,
      identity: undefined,
      hasStrictGrants: false,
      drainTimeoutMs: 20_000,
    });
  });

  it("say where, who and how", () => {
    const words = "--listen 127.0.0.1:0 --metrics 127.0.0.1:1 --admin [::1]:2 --kubeconfig a --strict-grants";
    const settings = settingsOf(words.split(" "), {
      EASTBOUND_NAMESPACE: "mesh",
      EASTBOUND_IDENTITY: "controller-1",
      EASTBOUND_DRAIN_TIMEOUT: "5s",
    });
    assert.deepEqual(settings, {
      listen: { host: "127.0.0.1", port: 0 },
      metrics: { host: "127.0.0.1", port: 1 },
      admin: { host: "::1", port: 2 },
      kubeconfig: "a",
      namespace: "mesh",
      identity: "controller-1",
      hasStrictGrants: true,
      drainTimeoutMs: 5_000,
    });
  });

  it("are refused where they can't be", () => {
    assert.deepEqual(settingsOf(["--namespace", "A", "--identity", "a_b"]), [
      '--namespace must be a DNS label, not "A"',
      '--identity must be a name of lower-case letters, digits, - and ., not "a_b"',
    ]);
  });
});
