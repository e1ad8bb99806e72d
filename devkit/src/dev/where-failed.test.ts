import t from "tap";
import { summaryOf } from "./problems.ts";
import { whereFailed } from "./where-failed.ts";

const cases: Readonly<Record<string, readonly [output: string, place: string | undefined, message: string]>> =
  {
    "Node, which cannot read it": [
      `node:internal/modules/run_main:107
    triggerUncaughtException(

file:///shop/cart/cart.ts:65
const x = ;
          ^

SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected
    at parseTypeScript (node:internal/modules/typescript:72:36)

Node.js v24.21.0`,
      "/shop/cart/cart.ts:65",
      "SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected",
    ],
    "Node, in a library that our code called": [
      `node:internal/process/promises:394
TypeError: x is not a function
    at run (file:///shop/node_modules/lib/index.js:1:1)
    at file:///shop/cart/main.ts:3:7`,
      "/shop/cart/main.ts:3:7",
      "TypeError: x is not a function",
    ],
    "a service that logs why": [
      `{"level":30,"msg":"starting"}
{"level":60,"msg":"cannot start: DATABASE_URL is missing"}`,
      undefined,
      "cannot start: DATABASE_URL is missing",
    ],
    Python: [
      `Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/shop/inventory/__main__.py", line 3, in <module>
    from inventory import app
  File "/shop/inventory/app.py", line 12
    def x(
         ^
SyntaxError: '(' was never closed`,
      "/shop/inventory/app.py:12",
      "SyntaxError: '(' was never closed",
    ],
    Go: ["# shipping\n./main.go:12:3: undefined: shipmnt", "./main.go:12:3", "undefined: shipmnt"],
    javac: [
      "[ERROR] COMPILATION ERROR :\n[ERROR] /shop/billing/Main.java:[12,3] cannot find symbol",
      "/shop/billing/Main.java:12:3",
      "cannot find symbol",
    ],
    rustc: [
      "error[E0425]: cannot find value `x` in this scope\n --> src/main.rs:12:5\n  |",
      "src/main.rs:12:5",
      "cannot find value `x` in this scope",
    ],
    buf: [
      "proto/cart.proto:7:3:syntax error: unexpected '}'",
      "proto/cart.proto:7:3",
      "syntax error: unexpected '}'",
    ],
    "a tool that says nothing of use": ["make: *** [all] Error 2", undefined, ""],
  };

for (const [name, [output, place, message]] of Object.entries(cases))
  t.test(`whereFailed() finds place and reason in the output of ${name}`, (t) => {
    t.strictSame(whereFailed(output.split("\n")), { place, message: message === "" ? undefined : message });
    t.end();
  });

t.test("summaryOf() shows the place relative to the project", (t) => {
  t.equal(
    summaryOf(
      "cart did not start: it exited with code 1",
      ["/shop/cart/cart.ts:65", "SyntaxError: no"],
      "/shop",
    ),
    "cart did not start: it exited with code 1: cart/cart.ts:65: SyntaxError: no",
  );
  t.equal(summaryOf("cart exited", [], "/shop"), "cart exited");
  t.end();
});
