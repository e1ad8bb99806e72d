import t from "tap";
import { isLoopback } from "./is-loopback.ts";

t.test("isLoopback() knows the addresses that only this machine reaches", async (t) => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "0:0:0:0:0:0:0:1"]) {
    t.equal(isLoopback(host), true, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.3.17", "127.example.com", "::ffff:1.2.3.4"]) {
    t.equal(isLoopback(host), false, host);
  }
});
