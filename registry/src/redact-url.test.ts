import t from "tap";
import { redactUrl } from "./redact-url.ts";

t.test("redactUrl() takes password and query out", async (t) => {
  t.equal(redactUrl("postgres://u:secret@h:1/db?password=x"), "postgres://u@h:1/db");
  t.equal(redactUrl("nats://h:4222"), "nats://h:4222");
  t.equal(redactUrl("secret"), "<invalid URL>");
});
