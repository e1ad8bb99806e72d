// Requests that somebody wants again, in this browser.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { keepSaved, pathOf, savedRequests, type Draft, type SavedRequest } from "./draft.ts";

/** Those of one method, and a place to save the present one. */
export function SavedRequests({
  method,
  draft,
  onPick,
}: {
  readonly method: Method;
  readonly draft: Draft;
  readonly onPick: (draft: Draft) => void;
}): VNode {
  const [all, setAll] = useState<readonly SavedRequest[]>(savedRequests);
  const [name, setName] = useState("");
  const path = pathOf(method);
  const mine = all.filter((saved) => saved.method === path);
  const replace = (next: readonly SavedRequest[]): void => {
    keepSaved(next);
    setAll(savedRequests());
  };
  const isIt = (saved: SavedRequest, other: string): boolean => saved.method === path && saved.name === other;
  const save = (): void => {
    const wanted = name.trim();
    if (wanted === "") return;
    replace([...all.filter((saved) => !isIt(saved, wanted)), { name: wanted, method: path, draft }]);
    setName("");
  };
  return (
    <div class="saved">
      <ul aria-label="Saved requests">
        {mine.map((saved) => (
          <li key={saved.name} class="chip">
            <button type="button" class="quiet" onClick={() => onPick(saved.draft)}>
              {saved.name}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`Forget ${saved.name}`}
              onClick={() => replace(all.filter((one) => !isIt(one, saved.name)))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <span class="save">
        <input
          type="text"
          aria-label="Name for this request"
          placeholder="save it as …"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            save();
          }}
        />
        <button type="button" class="quiet" disabled={name.trim() === ""} onClick={save}>
          Save
        </button>
      </span>
    </div>
  );
}
