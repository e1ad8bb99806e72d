// Messages and tells that were given up: looked at, replayed, dropped.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { DeadLetter } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { serviceClients, useQuery } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { counted, formatClock, timeMs } from "../../format/index.ts";
import { Ago, attempt, Empty, Failed, JsonView, SureButton, toast } from "../../ui/index.ts";

const refreshMs = 3000;
const pageSize = 200;

/** Of one service; of a group or a topic, where they are given. */
export function DeadLetters({
  service,
  group,
  topic,
}: {
  readonly service: string;
  readonly group?: string | undefined;
  readonly topic?: string | undefined;
}): VNode | undefined {
  const { backoffice } = serviceClients(service);
  const answer = useQuery(
    `dead/${service}/${group ?? ""}/${topic ?? ""}`,
    (signal) =>
      backoffice.listDeadLetters({ group: group ?? "", topic: topic ?? "", limit: pageSize }, { signal }),
    { everyMs: refreshMs },
  );
  const [progress, setProgress] = useState<string | undefined>(undefined);
  if (answer.error !== undefined && answer.data === undefined)
    return <Failed error={answer.error} retry={answer.refresh} />;
  const letters = answer.data?.deadLetters ?? [];
  if (answer.data === undefined) return undefined;
  if (letters.length === 0)
    return (
      <Empty title="No dead letter">
        What a handler gives up after its last attempt is kept here, to be looked at and replayed.
      </Empty>
    );
  const groups = [...new Set(letters.map((letter) => letter.group))];
  const replayAll = async (): Promise<void> => {
    let line = { succeeded: 0n, failed: 0n };
    const ok = await attempt("Replayed", async () => {
      for (const one of groups) {
        for await (const step of backoffice.replayDeadLetters({ group: one, topic: topic ?? "" })) {
          line = step;
          setProgress(`${step.succeeded + step.failed} of ${step.total}`);
        }
      }
    });
    setProgress(undefined);
    if (ok && line.failed > 0n) toast(`${line.failed} failed again`, true);
    answer.refresh();
  };
  return (
    <div class="dead-letters">
      <p class="row-actions">
        <button type="button" onClick={() => void replayAll()} disabled={progress !== undefined}>
          {progress === undefined ? `Replay all ${letters.length}` : `Replaying ${progress} …`}
        </button>
        <SureButton
          sure={`Drop all ${letters.length} for good`}
          onSure={() =>
            void attempt("Dropped", async () => {
              for (const one of groups) await backoffice.dropDeadLetters({ group: one, topic: topic ?? "" });
            }).then(answer.refresh)
          }
        >
          Drop all
        </SureButton>
      </p>
      <ul class="cards">
        {letters.map((letter) => (
          <LetterItem key={letter.id} letter={letter} service={service} onChange={answer.refresh} />
        ))}
      </ul>
    </div>
  );
}

function LetterItem({
  letter,
  service,
  onChange,
}: {
  readonly letter: DeadLetter;
  readonly service: string;
  readonly onChange: () => void;
}): VNode {
  const [open, setOpen] = useState(false);
  const { backoffice } = serviceClients(service);
  const replay = async (): Promise<void> => {
    await attempt("Replayed", async () => {
      const { error } = await backoffice.replayDeadLetter({ id: letter.id });
      if (error !== "") throw new Error(`it failed again: ${error}`);
    });
    onChange();
  };
  return (
    <li class="card">
      <div class="card-head">
        <button type="button" class="card-title" data-row aria-expanded={open} onClick={() => setOpen(!open)}>
          <strong>{letter.key === "" ? letter.messageId : letter.key}</strong>
          <span class="card-error">{letter.error}</span>
        </button>
        <button type="button" onClick={() => void replay()}>
          Replay
        </button>
        <SureButton
          sure="Drop it for good"
          label={`Drop ${letter.key}`}
          onSure={() =>
            void attempt("Dropped", () => backoffice.dropDeadLetter({ id: letter.id })).then(onChange)
          }
        >
          Drop
        </SureButton>
      </div>
      <p class="faint">
        {letter.group} · {counted(letter.attempts, "attempt")} · given up <Ago ms={timeMs(letter.parkedAt)} />{" "}
        · <span class="mono">{letter.messageType}</span>
      </p>
      {open && <LetterDetail service={service} id={letter.id} />}
    </li>
  );
}

function LetterDetail({ service, id }: { readonly service: string; readonly id: string }): VNode {
  const answer = useQuery(`letter/${service}/${id}`, (signal) =>
    serviceClients(service).backoffice.getDeadLetter({ id }, { signal }),
  );
  if (answer.error !== undefined) return <Failed error={answer.error} retry={answer.refresh} />;
  if (answer.data === undefined) return <p class="faint">…</p>;
  const { message, problem, body, headers, history } = answer.data;
  const trace = headers["traceparent"]?.split("-")[1];
  return (
    <div class="card-body">
      {message === undefined ? (
        <p class="faint">
          {problem === "" ? "The message cannot be shown" : problem}; {body.length} bytes.
        </p>
      ) : (
        <JsonView value={message} label="Message" />
      )}
      {trace !== undefined && (
        <p>
          <a href={href("traces", { trace })}>Its trace</a>
        </p>
      )}
      <h4>Attempts</h4>
      <ol class="plain">
        {history.map((one) => (
          <li key={timeMs(one.time)}>
            <span class="faint">{formatClock(timeMs(one.time))}</span> <span class="mono">{one.error}</span>
          </li>
        ))}
      </ol>
      <h4>Headers</h4>
      <dl class="values">
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
