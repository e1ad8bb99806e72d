import t from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import { Roster } from "../roster/index.ts";
import { UnreadAnswers } from "./unread-answers.ts";

class Call {
  isOver = false;
  wasCut = false;

  cut(): void {
    this.wasCut = true;
  }
}

t.test("UnreadAnswers drops what is over and still there at the second look, and nothing else", async (t) => {
  const [over, running, read] = [new Call(), new Call(), new Call()];
  const calls = new Roster<Call>();
  const [, , place] = [over, running, read].map((call) => calls.add(call));
  const unread = new UnreadAnswers(calls, 5);
  over.isOver = true;
  read.isOver = true;
  unread.note();
  place?.leave();
  while (!over.wasCut) await sleep(1);
  t.notOk(running.wasCut);
  t.notOk(read.wasCut);
});
