// The palette: everything, by some letters of its name.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { dashboard, services, system, useQuery } from "../api/index.ts";
import { listCommands } from "./commands.ts";
import { Dialog } from "./dialog.tsx";
import { findCommands } from "./find.ts";
import { closeDialog } from "./shortcuts.ts";

const close = (): void => closeDialog("palette");

/** Is shown while it is open. */
export function Palette(): VNode {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const methods = useQuery("methods", (signal) => dashboard.listMethods({ brief: true }, { signal }));
  const commands = useMemo(
    () => listCommands(services.value, methods.data?.methods ?? [], system.value?.controllable ?? false),
    [methods.data],
  );
  const found = useMemo(() => findCommands(commands, typed), [commands, typed]);
  const run = (index: number): void => {
    const command = found[index];
    if (command === undefined) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      const next = Math.min(found.length - 1, Math.max(0, at + step));
      setAt(next);
      document.getElementById(`command-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(at);
    }
  };
  return (
    <Dialog label="Find anything" onClose={close} class="palette">
      <input
        type="text"
        role="combobox"
        aria-label="Find pages, services and methods"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found.length > 0 ? `command-${at}` : undefined}
        placeholder="Find pages, services, methods …"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
        autoComplete="off"
        spellcheck={false}
      />
      <div class="palette-list" id="commands" role="listbox" aria-label="Found">
        {found.map((command, index) => (
          <div
            key={command.id}
            id={`command-${index}`}
            role="option"
            aria-selected={index === at}
            class="palette-item"
            onClick={() => run(index)}
            onMouseMove={() => setAt(index)}
          >
            <span class="palette-group">{command.group}</span>
            <span class="palette-text">{command.text}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="palette-none">Nothing is called that.</p>}
    </Dialog>
  );
}
