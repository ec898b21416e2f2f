import assert from "node:assert/strict";
import { OutBuffer } from "../../src/http1/out-buffer.ts";
import { type OwnResponse, writeOwnResponse } from "../../src/http1/own-response.ts";

const plain: OwnResponse = { status: 503, fields: [], body: Buffer.from("no"), isHead: false, close: false };

describe("writeOwnResponse", () => {
  const cases: readonly { name: string; response: Partial<OwnResponse>; is: string }[] = [
    { name: "a body", response: {}, is: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno" },
    {
      name: "close",
      response: { close: true },
      is: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
    },
    {
      name: "HEAD",
      response: { isHead: true },
      is: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n",
    },
    { name: "204", response: { status: 204 }, is: "HTTP/1.1 204 No Content\r\n\r\n" },
    {
      name: "a status without a phrase of ours",
      response: { status: 299 },
      is: "HTTP/1.1 299 \r\nContent-Length: 2\r\n\r\nno",
    },
    {
      name: "fields, made safe",
      response: {
        fields: [
          ["Proxy-Status", 'eastbound; details="a\r\nb"'],
          ["X", "é"],
        ],
      },
      is: 'HTTP/1.1 503 Service Unavailable\r\nProxy-Status: eastbound; details="a??b"\r\nX: \xc3\xa9\r\nContent-Length: 2\r\n\r\nno',
    },
  ];
  for (const c of cases) {
    it(`writes ${c.name}`, () => {
      const out = new OutBuffer(1);
      writeOwnResponse(out, { ...plain, ...c.response });
      assert.equal(out.view().toString("latin1"), c.is);
    });
  }
});
