// Node's own clean-up at the end of a process can spin for ever: seen twice, behind a file whose tests had all passed,
// with its services killed within the process. Who calls this ends without that clean-up, after all listeners.
export function leaveAtOnce(): void {
  process.once("beforeExit", () => {
    process.on("exit", (code) => process.exit(code));
  });
}
