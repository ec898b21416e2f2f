import { messageOf } from "../resources/error-message.ts";
/** The values of a text's documents, or the first thing that is wrong with it and its line, from 1. */
export type YamlValues =
  | { readonly kind: "values"; readonly values: readonly unknown[] }
  | { readonly kind: "malformed"; readonly message: string; readonly line?: number };

/** Reads YAML text. Never throws. */
export type YamlReader = (text: string) => YamlValues;

/** What all aliases of a document may stand for, counted in nodes: enough for people, too few for a bomb. */
const MAX_ALIASES = 100;

/**
 * Loads the YAML library, which takes 2 MB of memory: a sidecar with a controller never needs it.
 *
 * It reads YAML 1.2, which is what Kubernetes' own reader makes of nearly every manifest, with merge keys (`<<`).
 * Unlike there, a key that stands twice is an error.
 */
export async function loadYamlReader(): Promise<YamlReader> {
  // By its default export: a bundle gives dynamic imports of CommonJS no named ones (esbuild, with splitting).
  const { default: yaml } = await import("yaml");
  const { LineCounter, parseAllDocuments } = yaml;
  return (text) => {
    try {
      const lines = new LineCounter();
      const parsed = parseAllDocuments(text, {
        merge: true,
        prettyErrors: false,
        logLevel: "error",
        lineCounter: lines,
      });
      const documents = Array.isArray(parsed) ? parsed : [];
      const error = documents.flatMap((document) => document.errors)[0];
      if (error !== undefined) {
        return { kind: "malformed", message: error.message, line: lines.linePos(error.pos[0]).line };
      }
      const values = documents.map((document) => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
      return { kind: "values", values };
    } catch (error) {
      // Too many aliases, or a nesting that is too deep for the stack.
      return { kind: "malformed", message: messageOf(error) };
    }
  };
}
