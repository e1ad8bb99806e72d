// Sends a command to an entity.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { EntityType } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { useQuery } from "../../api/index.ts";
import { isJsonObject, parseJson } from "../../format/index.ts";
import { Failed } from "../../ui/index.ts";
import { Composer, describeMethod } from "../api/index.ts";

/** Its commands, and a request for the chosen one with the entity's id in it. */
export function EntityCommands({
  type,
  id,
  onDone,
}: {
  readonly type: EntityType;
  readonly id: string;
  readonly onDone: () => void;
}): VNode {
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const described = useQuery(chosen, (signal) => describeMethod(type.service, chosen ?? "", signal));
  const method = described.data;
  const template = parseJson(method?.requestTemplate ?? "");
  const request =
    method === undefined || !isJsonObject(template)
      ? undefined
      : JSON.stringify(
          { ...template, ...(method.keyField === "" ? {} : { [method.keyField]: id }) },
          null,
          2,
        );
  return (
    <section class="commands" aria-label="Commands">
      <h2>Send a command</h2>
      <p class="row-actions">
        {type.commands.map((command) => (
          <button
            key={command.name}
            type="button"
            class="quiet"
            aria-pressed={command.name === chosen}
            onClick={() => setChosen(command.name === chosen ? undefined : command.name)}
          >
            {command.name}
            {command.readOnly && <span class="faint"> reads</span>}
          </button>
        ))}
      </p>
      {method !== undefined && (
        <Composer key={chosen} method={method} request={request} onEnd={onDone} small />
      )}
      {method !== undefined && !method.tellable && (
        <p class="faint">
          It can be asked, and not told. The entity would know a repeated command again, but its callers learn
          that from the proto file: <code>option (samspel.v1.deduplicated) = true;</code>
        </p>
      )}
      {described.error !== undefined && <Failed error={described.error} retry={described.refresh} />}
    </section>
  );
}
