import t from "tap";
import { createOutputMemory } from "./output-memory.ts";

const line = (text: string) => ({ stream: "stdout", text }) as const;

t.test(
  "handOver() tells what came before in its order, over all services, with its times (O2)",
  async (t) => {
    const memory = createOutputMemory();
    memory.add("cart", line("one"), 1);
    memory.add("mail", line("two"), 2);
    memory.add("cart", line("three"), 3);
    const heard: string[] = [];
    memory.handOver((service, { text }, atMs) => heard.push(`${service} ${text} ${atMs}`));
    t.same(heard, ["cart one 1", "mail two 2", "cart three 3"]);
    memory.add("cart", line("four"), 4);
    memory.handOver((service, { text }) => heard.push(`${service} ${text}`));
    t.equal(heard.length, 3, "nothing is kept from then on");
  },
);

t.test("a service that writes much does not push out what another one wrote (O1)", async (t) => {
  const memory = createOutputMemory(10);
  memory.add("quiet", line("its only line"), 0);
  for (let number = 1; number <= 1_000; number++) memory.add("loud", line(String(number)), number);
  const heard: string[] = [];
  memory.handOver((_, { text }) => heard.push(text));
  t.same(heard, ["its only line", ...Array.from({ length: 10 }, (_, index) => String(991 + index))]);
});
