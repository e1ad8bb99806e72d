// Counts that may be dear to know.
import { Count_Precision, type Count } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { formatCount } from "../../format/index.ts";

/** `12`, `about 12,000`, `10,000 or more`. */
export function countText(count: Count | undefined): string {
  if (count === undefined) return "?";
  const text = formatCount(count.value);
  if (count.precision === Count_Precision.ESTIMATED) return `about ${text}`;
  return count.precision === Count_Precision.AT_LEAST ? `${text} or more` : text;
}
