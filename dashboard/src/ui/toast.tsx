// Short notes of what was done, or failed.
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { failureOf } from "../api/index.ts";

interface Note {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const notes = signal<readonly Note[]>([]);
let lastId = 0;
const showMs = 5000;

/** Says that something was done. */
export function toast(text: string, bad = false): void {
  const id = ++lastId;
  notes.value = [...notes.value.slice(-3), { id, text, bad }];
  setTimeout(() => {
    notes.value = notes.value.filter((note) => note.id !== id);
  }, showMs);
}

/** Does something, and says how it went. Resolves with whether it went well. */
export async function attempt(done: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    toast(done);
    return true;
  } catch (error) {
    const { title, text } = failureOf(error);
    toast(`${title}: ${text}`, true);
    return false;
  }
}

/** Where the notes show. */
export function Toasts(): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.value.map((note) => (
        <div key={note.id} class={note.bad ? "toast toast-bad" : "toast"}>
          {note.text}
        </div>
      ))}
    </div>
  );
}
