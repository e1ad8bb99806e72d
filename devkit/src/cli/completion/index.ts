// `samspel completion`: what a shell needs to complete command lines, and `samspel complete`, which it asks then.
import { Argument, Command, Option } from "commander";
import { shells, scriptFor, type Shell } from "./scripts.ts";

const help = `
Commands and options are completed, and what runs: services, methods, topics, types of entities.

  bash: echo 'source <(samspel completion bash)' >> ~/.bashrc
  zsh:  echo 'source <(samspel completion zsh)' >> ~/.zshrc
  fish: samspel completion fish > ~/.config/fish/completions/samspel.fish`;

/** Makes both commands, for the commands of a program; `exit` gets the exit code. */
export function completionCommands(program: Command, exit: (code: number) => void): readonly Command[] {
  const completion = new Command("completion")
    .description("write the script that completes command lines in a shell")
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", help);
  completion.addArgument(new Argument("<shell>").choices(shells));
  completion.action((shell: Shell) => {
    console.log(scriptFor(shell));
    exit(0);
  });
  const complete = new Command("complete")
    .description("what may stand for the last of these words: for shells")
    .argument("[words...]")
    .addOption(
      new Option("--within <ms>", "how long the system may take to answer").argParser(Number).default(2_000),
    )
    .exitOverride()
    .action(async (words: readonly string[], { within }: { readonly within: number }) => {
      const { candidates } = await import("./candidates.ts");
      for (const { value, about } of await candidates(program, words, within))
        console.log(about === "" ? value : `${value}\t${about}`);
      exit(0);
    });
  return [completion, complete];
}
