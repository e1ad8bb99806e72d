// An exporter that says once when it does not get through, and once when it does again; not for each batch.
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "./logger.ts";

export function quietExporter(exporter: SpanExporter, endpoint: string, logger: Logger): SpanExporter {
  let isAway = false;
  const done = ({ code, error }: ExportResult): void => {
    const failed = code !== ExportResultCode.SUCCESS;
    if (failed && !isAway) {
      logger.warn(
        { endpoint, reason: error?.message },
        "spans are not taken by the collector: they are dropped",
      );
    } else if (!failed && isAway) logger.info({ endpoint }, "spans are taken by the collector again");
    isAway = failed;
  };
  return {
    export(spans: ReadableSpan[], callback) {
      exporter.export(spans, (result) => {
        // A timer exports, which belongs to the call that set it: what is logged does not.
        context.with(ROOT_CONTEXT, () => done(result));
        // A failure is told already; the processor would tell it for each batch.
        callback({ code: ExportResultCode.SUCCESS });
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
