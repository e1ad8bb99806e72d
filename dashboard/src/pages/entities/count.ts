// Counts that may be dear to know.
import { Count_Precision, type Count } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { counted } from "../../format/index.ts";

/** `1 event`, `about 12,000 events`, `10,000 events or more`. */
export function countText(count: Count | undefined, noun: string, many?: string): string {
  if (count === undefined) return "?";
  const text = counted(count.value, noun, many);
  if (count.precision === Count_Precision.ESTIMATED) return `about ${text}`;
  return count.precision === Count_Precision.AT_LEAST ? `${text} or more` : text;
}
