import assert from "node:assert/strict";
import { filterOf, filterProblems } from "./route-input.ts";

describe("a CORS filter", () => {
  it("allows nothing where it says nothing", () => {
    assert.deepEqual(filterOf({ type: "CORS", cors: {} }), {
      kind: "CORS",
      cors: {
        allowOrigins: [],
        allowMethods: [],
        allowHeaders: [],
        exposeHeaders: [],
        allowCredentials: false,
        maxAgeSeconds: 5,
      },
    });
  });

  it("reads every field, origins in lower case", () => {
    const cors = {
      allowOrigins: ["https://Example.com", "http://*.example.com:8080", "https://*"],
      allowMethods: ["GET", "QUERY"],
      allowHeaders: ["X-A"],
      exposeHeaders: ["X-B", "*"],
      allowCredentials: true,
      maxAge: 600,
    };
    assert.deepEqual(filterOf({ type: "CORS", cors }), {
      kind: "CORS",
      cors: {
        allowOrigins: ["https://example.com", "http://*.example.com:8080", "https://*"],
        allowMethods: ["GET", "QUERY"],
        allowHeaders: ["X-A"],
        exposeHeaders: ["X-B", "*"],
        allowCredentials: true,
        maxAgeSeconds: 600,
      },
    });
  });

  it("may allow all of a thing", () => {
    const cors = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] };
    assert.partialDeepStrictEqual(filterOf({ type: "CORS", cors }), { kind: "CORS", cors });
  });

  it("is refused with every problem", () => {
    const cors = {
      allowOrigins: ["*", "https://a.example/", "ftp://a", "https://a.*.b", "null", "https://a:123456"],
      allowMethods: ["*", "get"],
      allowHeaders: ["*", "a b"],
      exposeHeaders: [""],
      allowCredentials: "yes",
      maxAge: 0,
    };
    assert.deepEqual(
      filterProblems({ type: "CORS", cors }).map((line) => line.replace("cors.", "")),
      [
        'allowOrigins[1]: must be * or an origin such as https://example.com, not "https://a.example/"',
        'allowOrigins[2]: must be * or an origin such as https://example.com, not "ftp://a"',
        'allowOrigins[3]: must be * or an origin such as https://example.com, not "https://a.*.b"',
        'allowOrigins[4]: must be * or an origin such as https://example.com, not "null"',
        'allowOrigins[5]: must be * or an origin such as https://example.com, not "https://a:123456"',
        "allowOrigins: must have no other item beside *",
        'allowMethods[1]: must be * or a method in upper case, not "get"',
        "allowMethods: must have no other item beside *",
        'allowHeaders[1]: must be a header or parameter name (letters, digits and !#$%&\'*+-.^_`|~), not "a b"',
        "allowHeaders: must have no other item beside *",
        "exposeHeaders[0]: must not be empty",
        "allowCredentials: must be true or false, not a string",
        "maxAge: must be between 1 and 2147483647, not 0",
      ],
    );
  });
});
