// The Go library's own gate: format, vet, staticcheck and unit tests. It needs no infra.
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import t from "tap";
import { missingGo } from "./go-toolchain.ts";

// With nothing in any cache, staticcheck itself is compiled.
t.test("the Go library passes its gate", async (t) => {
  const missing = await missingGo();
  if (missing !== undefined) {
    t.pass("skipped", { skip: missing });
    return;
  }
  const check = join(import.meta.dirname, "../../../interop/go/check.sh");
  const { stdout } = await promisify(execFile)(check, [], { maxBuffer: 16 * 1024 * 1024 });
  t.match(stdout, /^ok\s+github\.com\/samspel\/samspel\/interop\/go\s/m);
  t.match(stdout, /^ok\s+github\.com\/samspel\/samspel\/examples\/shopping-cart\/shipping\s/m);
});
