import type { KubeConfig } from "@kubernetes/client-node";
import { type Answer, json, LocalApiServer } from "../kubernetes/local-api-server.ts";

export interface RecordedCall {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

/** A server that gives the answers one after the other, and notes what it was sent. */
export class RecordingServer implements AsyncDisposable {
  readonly calls: RecordedCall[] = [];
  readonly #server: LocalApiServer;

  private constructor(server: LocalApiServer) {
    this.#server = server;
  }

  static async start(...answers: readonly Answer[]): Promise<RecordingServer> {
    const recording = new RecordingServer(await LocalApiServer.start());
    recording.#server.answer(...answers.map((answer) => recording.#recorded(answer)));
    return recording;
  }

  get config(): KubeConfig {
    return this.#server.config();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #recorded(answer: Answer): Answer {
    return (response, request) => {
      const { method = "", url = "", headers } = request;
      let text = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => {
        text += chunk;
      });
      request.on("end", () => {
        const body: unknown = text === "" ? undefined : JSON.parse(text);
        this.calls.push({ method, url, contentType: headers["content-type"], body });
        answer(response, request);
      });
    };
  }
}

/** A refusal as the API server words it. */
export function refusal(
  code: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason,
    message: `it is ${reason}`,
    code,
  };
  return json(code, status, headers);
}
