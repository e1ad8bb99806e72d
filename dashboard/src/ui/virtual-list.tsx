// Long lists: only the rows that can be seen are in the document.
import { Fragment, type ComponentChildren, type VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** A list of rows of the same height. */
export interface VirtualListProps<T> {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly row: (item: T, index: number) => ComponentChildren;
  readonly keyOf: (item: T) => string;
  readonly label: string;
  /** `table` where rows have cells. Default `list`. */
  readonly role?: "table" | "list" | "log" | undefined;
  /** The rows above, that stay. */
  readonly head?: ComponentChildren;
  /** Keeps the end in view as rows come, until somebody scrolls up. */
  readonly follow?: boolean | undefined;
  /** Called when following ends or begins by scrolling. */
  readonly onFollow?: ((follow: boolean) => void) | undefined;
  readonly class?: string | undefined;
}

const spareRows = 8;

/** A scroller that draws what is in view, and some rows more. */
export function VirtualList<T>(props: VirtualListProps<T>): VNode {
  const { items, rowHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 40 });

  const measure = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const from = Math.max(0, Math.floor(element.scrollTop / rowHeight) - spareRows);
    const to = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + spareRows;
    setRange((old) => (old.from === from && old.to === to ? old : { from, to }));
  };
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [rowHeight]);
  useLayoutEffect(() => {
    if (props.follow === true && scroller.current !== null) {
      scroller.current.scrollTop = scroller.current.scrollHeight;
    }
    measure();
  }, [items, props.follow]);

  const onScroll = (): void => {
    measure();
    const element = scroller.current;
    if (element === null || props.onFollow === undefined) return;
    const atEnd = element.scrollTop + element.clientHeight > element.scrollHeight - rowHeight * 1.5;
    if (atEnd !== props.follow) props.onFollow(atEnd);
  };
  const shown = items.slice(range.from, range.to);
  const role = props.role ?? "list";
  return (
    <div
      ref={scroller}
      class={`virtual ${props.class ?? ""}`}
      onScroll={onScroll}
      tabIndex={0}
      role={role}
      aria-label={props.label}
      aria-rowcount={role === "table" ? items.length : undefined}
    >
      {props.head}
      <div style={{ height: `${range.from * rowHeight}px` }} role="presentation" />
      {shown.map((item, index) => (
        <Fragment key={props.keyOf(item)}>{props.row(item, range.from + index)}</Fragment>
      ))}
      <div style={{ height: `${Math.max(0, items.length - range.to) * rowHeight}px` }} role="presentation" />
    </div>
  );
}
