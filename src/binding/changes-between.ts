import { type BindableObject, type BindingInput, identityOf } from "./bindable-object.ts";

/** What makes of one list of objects the other, both with one object of each identity: by reference, in linear time. */
export function* changesBetween(
  before: readonly BindableObject[],
  after: readonly BindableObject[],
): Generator<BindingInput, void> {
  const gone = new Map(before.map((object) => [keyOf(object), object]));
  for (const object of after) {
    const key = keyOf(object);
    if (gone.get(key) !== object) yield { kind: "upsert", object };
    gone.delete(key);
  }
  for (const object of gone.values()) yield { kind: "delete", identity: identityOf(object) };
}

function keyOf(object: BindableObject): string {
  const { kind, namespace, name } = identityOf(object);
  return `${kind} ${namespace}/${name}`;
}
