import type { RequestHead } from "../http1/request-head.ts";
import type { RequestView } from "../routing/request-view.ts";

/** What routing reads of the request that a parser holds. One object serves all requests of a connection. */
export class HeadView implements RequestView {
  readonly head: RequestHead;

  constructor(head: RequestHead) {
    this.head = head;
  }

  get method(): string {
    return this.head.method;
  }

  get path(): string {
    return this.head.path;
  }

  get query(): string {
    return this.head.query ?? "";
  }

  get host(): string {
    return this.head.host ?? "";
  }

  header(name: string): string | undefined {
    return this.head.fields.valueOf(name);
  }
}
