import assert from "node:assert/strict";
import { defineCommand } from "../../src/cli/command.ts";
import { parseConfigFile } from "../../src/cli/config-file.ts";
import {
  type ControlledSettings,
  checkProxySettings,
  proxyFileSettings,
  proxyFlags,
  type StandaloneSettings,
} from "../../src/cli/proxy-settings.ts";
import { DEFAULT_PROXY_LIMITS } from "../../src/proxy/limits.ts";
import type { Result } from "../../src/resources/result.ts";

type AnySettings = StandaloneSettings | ControlledSettings;

/** What the proxy is told, or the problems as they are printed. */
async function settingsOf(words: readonly string[], config = ""): Promise<AnySettings | readonly string[]> {
  const told: AnySettings[] = [];
  const command = defineCommand({
    about: "",
    flags: proxyFlags,
    file: proxyFileSettings,
    check: (input): Result<AnySettings> => {
      const checked = checkProxySettings(input);
      told.push(...(checked.kind === "ok" ? [checked.value] : []));
      return checked;
    },
    run: () => Promise.resolve(0),
  });
  const file = await parseConfigFile("e.yaml", config);
  assert.equal(file.kind, "ok");
  const planned = command.plan({
    words,
    environment: {},
    config: file.kind === "ok" ? file.value : undefined,
    isTerminal: false,
  });
  if (planned.kind === "invalid") return planned.problems.map(({ path, message }) => `${path} ${message}`);
  return told[0] ?? [];
}

const defaults: StandaloneSettings = {
  kind: "standalone",
  manifests: "dir",
  capture: { kind: "listen" },
  admin: { host: "127.0.0.1", port: 15_103 },
  metrics: undefined,
  client: { namespace: "default", node: undefined, zone: undefined },
  hasStrictGrants: false,
  accessLog: "off",
  drainTimeoutMs: 25_000,
  limits: DEFAULT_PROXY_LIMITS,
};

describe("eastbound proxy's settings", () => {
  const cases = [
    { name: "the defaults", words: [], is: defaults },
    {
      name: "redirect with its listeners",
      words: ["--capture=redirect"],
      is: {
        ...defaults,
        capture: {
          kind: "redirect",
          listeners: [
            { host: "127.0.0.1", port: 15_101 },
            { host: "::1", port: 15_101 },
          ],
          isDefault: true,
        },
      },
    },
    {
      name: "redirect with other listeners",
      words: ["--capture=redirect", "--listen", "[::1]:1"],
      is: {
        ...defaults,
        capture: { kind: "redirect", listeners: [{ host: "::1", port: 1 }], isDefault: false },
      },
    },
    {
      name: "everything",
      words:
        "--admin=[::1]:9 --metrics=:15102 --namespace=shop --node=n1 --zone=eu-1a --strict-grants --access-log=json --drain-timeout=1m".split(
          " ",
        ),
      config: "limits: { headBytes: 8KiB, maxConnections: 50 }\ntimeouts: { connect: 250ms }",
      is: {
        ...defaults,
        admin: { host: "::1", port: 9 },
        metrics: { host: "", port: 15_102 },
        client: { namespace: "shop", node: "n1", zone: "eu-1a" },
        hasStrictGrants: true,
        accessLog: "json",
        drainTimeoutMs: 60_000,
        limits: { ...DEFAULT_PROXY_LIMITS, headBytes: 8_192, maxConnections: 50, connectTimeoutMs: 250 },
      },
    },
  ];
  for (const { name, words, config, is } of cases) {
    it(`are ${name}`, async () => {
      assert.deepEqual(await settingsOf(["--manifests", "dir", ...words], config), is);
    });
  }

  const controlled: ControlledSettings = {
    kind: "controlled",
    controller: { host: "eastbound-controller.eastbound-system", port: 15_110 },
    files: {
      ca: "/var/run/secrets/eastbound.dev/ca/ca.crt",
      token: "/var/run/secrets/eastbound.dev/token/token",
      snapshot: "/var/run/eastbound/snapshot",
    },
    capture: {
      kind: "redirect",
      listeners: [
        { host: "127.0.0.1", port: 15_101 },
        { host: "::1", port: 15_101 },
      ],
      isDefault: true,
    },
    admin: { host: "127.0.0.1", port: 15_103 },
    metrics: { host: "", port: 15_102 },
    place: { node: undefined, zone: undefined },
    accessLog: "off",
    drainTimeoutMs: 25_000,
    limits: DEFAULT_PROXY_LIMITS,
  };
  const behindController = [
    { name: "the defaults", words: [], is: controlled },
    { name: "the only way of capture, named", words: ["--capture=redirect"], is: controlled },
    {
      name: "everything",
      words:
        "--controller-ca=ca --controller-token=token --snapshot=kept --listen=[::1]:1 --metrics=[::1]:2 --node=n --zone=z".split(
          " ",
        ),
      is: {
        ...controlled,
        files: { ca: "ca", token: "token", snapshot: "kept" },
        capture: { kind: "redirect", listeners: [{ host: "::1", port: 1 }], isDefault: false },
        metrics: { host: "::1", port: 2 },
        place: { node: "n", zone: "z" },
      },
    },
  ];
  for (const { name, words, is } of behindController) {
    it(`with a controller are ${name}`, async () => {
      const address = "--controller=eastbound-controller.eastbound-system:15110";
      assert.deepEqual(await settingsOf([address, ...words]), is);
    });
  }

  const missing = "--manifests is missing: it names the folder to read, or else --controller who to ask";
  const wrong = [
    { words: [], says: [missing] },
    { words: ["--manifests="], says: ["--manifests must not be empty"] },
    {
      words: ["--manifests=a", "--controller=c:1"],
      says: ["--manifests can't be used together with --controller"],
    },
    {
      words: ["--controller=c"],
      says: ['--controller must be a host and port as controller:15110 or [::1]:15110, not "c"'],
    },
    {
      words: ["--controller=c:1", "--capture=listen", "--namespace=a", "--strict-grants"],
      says: [
        "--capture can't be listen with --controller: it does not say which Services there are",
        "--namespace is for --manifests: the controller knows the namespace",
        "--strict-grants is for --manifests: it is for the controller to say",
      ],
    },
    {
      words: ["--manifests=a", "--controller-ca=b", "--controller-token=c", "--snapshot=d"],
      says: [
        "--controller-ca needs --controller",
        "--controller-token needs --controller",
        "--snapshot needs --controller",
      ],
    },
    { words: ["--manifests=a", "--listen=:1"], says: ["--listen needs --capture redirect"] },
    {
      words: ["--listen=x", "--namespace=A", "--node=-", "--drain-timeout=2h"],
      config: "limits: { headBytes: 1 }\ntimeouts: { connect: 2m }",
      says: [
        '--listen must be an address and port as 127.0.0.1:80, [::1]:80 or :80, not "x"',
        '--namespace must be a DNS label, not "A"',
        '--node must be a node\'s name, not "-"',
        "--drain-timeout must be 0s to 1h, not 2h",
        "e.yaml: limits.headBytes must be 1KiB to 1MiB, not 1",
        "e.yaml: timeouts.connect must be 10ms to 1m, not 2m",
        missing,
      ],
    },
  ];
  for (const { words, config, says } of wrong) {
    it(`are refused: ${words.join(" ")}`, async () => {
      assert.deepEqual(await settingsOf(words, config), says);
    });
  }
});
