/** One block of a PEM text, with its marker lines. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string;
  readonly text: string;
}

const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\sA-Za-z0-9+/=]*-----END \1-----/g;

/** The well-formed blocks of a PEM text, in order; what stands between them is left out. */
export function splitPem(text: string): readonly PemBlock[] {
  return [...text.matchAll(block)].map(([found, label = ""]) => ({ label, text: `${found}\n` }));
}
