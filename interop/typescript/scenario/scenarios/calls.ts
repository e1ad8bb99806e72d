// All four kinds of methods.
import { setTimeout as sleep } from "node:timers/promises";
import { clientOf, same, type Scenario } from "./scenario.ts";

export const unary: Scenario = async (run) => {
  const client = clientOf(run);
  for (const text of ["", "grün ✓", "x".repeat(1024 * 1024)]) {
    const answer = await client.echo({ text });
    same("length", answer.text.length, text.length);
    same("text", answer.text === text, true);
  }
};

export const serverStream: Scenario = async (run) => {
  const client = clientOf(run);
  const numbers: number[] = [];
  for await (const { number } of client.count({ to: 1_000 })) numbers.push(number);
  same(
    "numbers",
    numbers,
    Array.from({ length: 1_000 }, (_, index) => index + 1),
  );
  let seen = 0;
  for await (const { number } of client.count({ to: 0, pauseMs: 1 })) {
    seen = number;
    if (number === 3) break;
  }
  same("the last number before it was left", seen, 3);
  same("the answer after that", (await client.echo({ text: "on" })).text, "on");
};

async function* upTo(last: number): AsyncIterable<{ readonly number: bigint }> {
  for (let number = 1; number <= last; number++) yield { number: BigInt(number) };
}

export const clientStream: Scenario = async (run) => {
  const client = clientOf(run);
  const { sum, count } = await client.sum(upTo(1_000));
  same("sum and count", [sum, count], [500_500n, 1_000]);
  const nothing = await client.sum(upTo(0));
  same("sum and count of nothing", [nothing.sum, nothing.count], [0n, 0]);
};

export const bidiStream: Scenario = async (run) => {
  const client = clientOf(run);
  const answered: string[] = [];
  async function* texts() {
    yield { text: "a" };
    while (answered.length === 0) await sleep(5);
    yield { text: "b" };
  }
  for await (const { text } of client.chat(texts())) answered.push(text);
  same("answers", answered, ["A", "B"]);
};
