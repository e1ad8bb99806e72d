// The scripts by which shells ask what may stand at the cursor.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

const bash = `# Completes command lines of samspel: source <(samspel completion bash)
_samspel() {
  local IFS=$'\\n' line
  COMPREPLY=()
  for line in $(samspel complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then compopt -o default; fi
  if [ "\${#COMPREPLY[@]}" -eq 1 ] && [[ "\${COMPREPLY[0]}" == *[/=] ]]; then compopt -o nospace; fi
}
complete -F _samspel samspel`;

const zsh = `#compdef samspel
# Completes command lines of samspel: source <(samspel completion zsh)
_samspel() {
  local line value about
  local -a values texts
  for line in "\${(@f)$(samspel complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z "$line" ]] && continue
    value="\${line%%$'\\t'*}"
    about=""
    [[ "$line" == *$'\\t'* ]] && about="  \${line#*$'\\t'}"
    values+=("$value")
    texts+=("$value$about")
  done
  if (( \${#values} == 0 )); then _files; return; fi
  compadd -l -d texts -a values
}
compdef _samspel samspel`;

const fish = `# Completes command lines of samspel: samspel completion fish > ~/.config/fish/completions/samspel.fish
complete -c samspel -f -a '(samspel complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`;

export function scriptFor(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}
