import type { Backend } from "../../binding/backend.ts";
import { backendName } from "../../binding/backend.ts";
import type { Binding } from "../../binding/bind.ts";
import { frontendName } from "../../binding/frontend.ts";
import type { FrontendVariants } from "../../binding/frontend-variants.ts";
import { enumerate } from "../../binding/sentence.ts";
import { closest } from "../closest.ts";
import type { ExplainedRequest } from "./explained-request.ts";

/** The Service port that a request is for, or why there is none and what to try. */
export type FoundService =
  | {
      readonly kind: "found";
      readonly backend: Backend;
      readonly dialled: FrontendVariants;
      /** Names of the frontends at the Service's other addresses. */
      readonly alsoAt: readonly string[];
    }
  | { readonly kind: "not-found"; readonly message: string; readonly hint: string };

const LISTED = 20;

export function findService(binding: Binding, request: ExplainedRequest): FoundService {
  const { target, port } = request;
  return target.kind === "address"
    ? findByAddress(binding, target.address, port)
    : findByName(binding, target, request);
}

function findByAddress(binding: Binding, address: string, port: number): FoundService {
  const name = frontendName(address, port);
  const dialled = binding.frontends.get(name);
  if (dialled !== undefined) return foundAt(binding, dialled);
  const others = [...binding.frontends.values()].filter(({ producer }) => producer.address === address);
  const [other] = others;
  if (other !== undefined) {
    const { namespace, name: service } = other.producer.service;
    const ports = others.map(({ producer }) => String(producer.port));
    const hint = `Its TCP port${ports.length > 1 ? "s are" : " is"} ${enumerate(ports)}.`;
    return notFound(`Service ${namespace}/${service} (${address}) has no TCP port ${port}.`, hint);
  }
  const owner = [...binding.backends.values()].find(({ endpoints }) =>
    endpoints.some((endpoint) => endpoint.address === address && endpoint.port === port),
  );
  if (owner !== undefined) {
    return notFound(
      `${name} is an endpoint of Service ${owner.namespace}/${owner.service}, not a Service.`,
      `Traffic to pods is not touched, no route applies. Dial ${owner.service}.${owner.namespace}:${owner.port} for its routes.`,
    );
  }
  return notFound(`No Service has the address ${name}.`, "Connections to it are passed through unchanged.");
}

function findByName(
  binding: Binding,
  target: { readonly namespace: string; readonly name: string },
  { port }: ExplainedRequest,
): FoundService {
  const { namespace, name } = target;
  const backend = binding.backends.get(backendName(namespace, name, port));
  if (backend === undefined) return unknownService(binding, target, port);
  const frontends = backend.clusterIPs.flatMap((address) => {
    const variants = binding.frontends.get(frontendName(address, port));
    const owner = variants?.producer.service;
    return variants !== undefined && owner?.name === name && owner.namespace === namespace ? [variants] : [];
  });
  const [dialled, ...others] = frontends;
  if (dialled !== undefined) {
    return { kind: "found", backend, dialled, alsoAt: others.map(({ producer }) => producer.name) };
  }
  const service = `Service ${namespace}/${name}`;
  if (backend.clusterIPs.length === 0) {
    return notFound(
      `${service} has no ClusterIP.`,
      "Clients dial its pods directly, which the proxy does not touch, and no route applies.",
    );
  }
  const problems = binding.problems.filter(({ object }) => object === service);
  return notFound(
    `No address of ${service} leads to it.`,
    problems.map(({ message }) => `${service}: ${message}.`).join(" "),
  );
}

function foundAt(binding: Binding, dialled: FrontendVariants): FoundService {
  const { producer } = dialled;
  const backend = binding.backends.get(producer.backend);
  if (backend === undefined) return notFound(`Backend ${producer.backend} is not known.`, "");
  const alsoAt = backend.clusterIPs
    .map((address) => frontendName(address, producer.port))
    .filter((name) => name !== producer.name && binding.frontends.has(name));
  return { kind: "found", backend, dialled, alsoAt };
}

function unknownService(
  binding: Binding,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  port: number,
): FoundService {
  const all = [...binding.backends.values()];
  const ports = all.filter((backend) => backend.namespace === namespace && backend.service === name);
  if (ports.length > 0) {
    const numbers = ports.map((backend) => String(backend.port));
    const written = numbers.map((number) => `http://${name}.${namespace}:${number}`);
    return notFound(
      `Service ${namespace}/${name} has no TCP port ${port}.`,
      `Its TCP port${ports.length > 1 ? "s are" : " is"} ${enumerate(numbers)}: try ${enumerateOr(written)}.`,
    );
  }
  const message = `There is no Service ${namespace}/${name}.`;
  const elsewhere = distinct(
    all.filter((backend) => backend.service === name).map((backend) => backend.namespace),
  );
  const here = distinct(
    all.filter((backend) => backend.namespace === namespace).map((backend) => backend.service),
  );
  return notFound(message, [...hintsFor({ namespace, name, elsewhere, here, all })].join(" "));
}

interface Known {
  readonly namespace: string;
  readonly name: string;
  /** Namespaces that have a Service of this name. */
  readonly elsewhere: readonly string[];
  /** Services of this namespace. */
  readonly here: readonly string[];
  readonly all: readonly Backend[];
}

function* hintsFor({ namespace, name, elsewhere, here, all }: Known): Generator<string, void> {
  const meant = closest(name, here);
  if (elsewhere.length > 0) {
    yield `Did you mean ${enumerateOr(elsewhere.map((other) => `${name}.${other}`))}?`;
  } else if (meant !== undefined) {
    yield `Did you mean ${meant}.${namespace}?`;
  }
  if (here.length > 0) {
    yield `Services with TCP ports in namespace ${namespace}: ${list(here)}.`;
    return;
  }
  const namespaces = distinct(all.map((backend) => backend.namespace));
  yield namespaces.length === 0
    ? "No Service with TCP ports is known at all."
    : `Namespace ${namespace} has no Service with TCP ports; these have: ${list(namespaces)}.`;
}

function list(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return names.slice(0, LISTED).join(", ") + more;
}

function enumerateOr(words: readonly string[]): string {
  return words.slice(0, LISTED).join(" or ");
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function notFound(message: string, hint: string): FoundService {
  return { kind: "not-found", message, hint };
}
