// The keys of the dashboard.
import type { VNode } from "preact";
import { pages } from "../router/index.ts";
import { Dialog } from "./dialog.tsx";
import { closeDialog, otherKeys } from "./shortcuts.ts";

/** Is shown while it is open. */
export function Help(): VNode {
  return (
    <Dialog label="Keys" class="help" onClose={() => closeDialog("help")}>
      <h2>Keys</h2>
      <dl class="keys">
        {pages.map(({ id, title, key }) => (
          <KeyRow key={id} keys={["g", key]} text={title} />
        ))}
        {otherKeys.map(({ keys, text }) => (
          <KeyRow key={text} keys={keys} text={text} />
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  );
}

function KeyRow({ keys, text }: { readonly keys: readonly string[]; readonly text: string }): VNode {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{text}</dd>
    </div>
  );
}
