import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Field numbers of proto/eastbound/discovery/v1/frontend.proto. */
const FRONTEND_ROUTES = 5;
const ROUTE_SET_ROUTES = 3;

export interface SplitFrontend {
  /** The bytes of the Frontend without any route. */
  readonly rest: Uint8Array;
  /** The bytes of each Route. */
  readonly routes: readonly Uint8Array[];
}

/**
 * Takes the bytes of a Frontend apart, so that its routes, of which there may be hundreds, can be read one by one.
 * Throws where the bytes are malformed, as the generated code does.
 */
export function splitRoutes(bytes: Uint8Array): SplitFrontend {
  const rest = new BinaryWriter();
  let set: { readonly rest: Uint8Array; readonly taken: readonly Uint8Array[] } | undefined;
  rest.raw(
    withoutField(bytes, FRONTEND_ROUTES, (found) => {
      // Of a field that came twice the last one counts.
      const routes: Uint8Array[] = [];
      set = { rest: withoutField(found, ROUTE_SET_ROUTES, (route) => routes.push(route)), taken: routes };
    }),
  );
  if (set !== undefined) rest.tag(FRONTEND_ROUTES, WireType.LengthDelimited).bytes(set.rest);
  return { rest: rest.finish(), routes: set?.taken ?? [] };
}

/** The fields of a message without those of one number, which are handed out. Throws as `splitRoutes`. */
function withoutField(bytes: Uint8Array, number: number, onFound: (content: Uint8Array) => void): Uint8Array {
  const reader = new BinaryReader(bytes);
  const rest = new BinaryWriter();
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber === number && wireType === WireType.LengthDelimited) {
      onFound(reader.bytes());
    } else {
      reader.skip(wireType, fieldNumber);
      rest.raw(bytes.subarray(start, reader.pos));
    }
  }
  return rest.finish();
}
