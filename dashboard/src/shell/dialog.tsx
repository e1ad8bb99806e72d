// A dialog over the page: the browser's own keeps the focus within, closes on Escape and gives the focus back.
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Is open as long as it is there. */
export function Dialog({
  label,
  onClose,
  children,
  class: name,
}: {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
}): VNode {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
    return () => element.current?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={name}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        // The dialog itself is hit beside what it holds only.
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
