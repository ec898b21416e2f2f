import assert from "node:assert/strict";
import type { ManifestSnapshot, SourceError } from "../../src/manifests/manifest-snapshot.ts";
import { type MeshObject, type ParsedObject, parseObject } from "../../src/resources/parse-object.ts";

/** A Service as a manifest has it; the port makes versions of it differ. */
export function serviceInput(name: string, port = 80, namespace = "default"): Record<string, unknown> {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { ports: [{ port }] } };
}

export function serviceYaml(name: string, port = 80): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`;
}

export function parsedService(name: string, port = 80, namespace = "default"): ParsedObject {
  return parseObject(serviceInput(name, port, namespace));
}

/** An object of that name which can't be one. */
export function brokenService(name: string): ParsedObject {
  return parseObject({ ...serviceInput(name), spec: { ports: [{ port: 0 }] } });
}

/** What is in force, as `name:port`. */
export function inForce(snapshot: ManifestSnapshot): readonly string[] {
  return snapshot.objects.map(summary);
}

function summary(object: MeshObject): string {
  assert.ok(object.kind === "Service");
  return `${object.meta.name}:${object.ports[0]?.port}`;
}

export function errorLine(error: SourceError): string {
  return [error.file, error.object, error.path, error.message]
    .filter((part) => part !== undefined)
    .join(" | ");
}
