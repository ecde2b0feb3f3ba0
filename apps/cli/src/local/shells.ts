// What completes commands, in the language of each shell.

/** A command as a shell has to know it. */
export interface Completed {
  name: string;
  summary: string;
  options: readonly CompletedOption[];
  /** What its first argument can be, where that is few words; else files. */
  words: readonly string[];
}

interface CompletedOption {
  /** With its dashes. */
  long: string;
  short: string | undefined;
  meaning: string;
  takesValue: boolean;
  /** What its value can be, where that is few words; else files. */
  words: readonly string[];
}

/** Writes the script of a shell. */
export const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = {
  bash,
  zsh,
  fish,
  powershell,
};

const names = (commands: readonly Completed[]) => commands.map(({ name }) => name).join(" ");
const longs = ({ options }: Completed) => options.map(({ long }) => long).join(" ");
const withWords = <T extends { words: readonly string[] }>(all: readonly T[]) =>
  all.filter(({ words }) => words.length > 0);

/** The options that take one of few words, by these words: the same name means the same everywhere. */
function chosen(commands: readonly Completed[]): Map<string, readonly string[]> {
  return new Map(
    withWords(commands.flatMap(({ options }) => options)).map(({ long, words }) => [long, words]),
  );
}

function bash(commands: readonly Completed[]): string {
  return `_modly_runs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" options="" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names(commands)}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map((command) => `    ${command.name}) options="${longs(command)}" words="${command.words.join(" ")}" ;;`).join("\n")}
  esac
  case "$before" in
${[...chosen(commands)].map(([long, words]) => `    ${long}) words="${words.join(" ")}" ;;`).join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
       else COMPREPLY=($(compgen -f -- "$current")); fi ;;
  esac
}
complete -o filenames -F _modly_runs modly-runs`;
}

function zsh(commands: readonly Completed[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const item = (name: string, meaning: string) =>
    quoted(`${name.replaceAll(":", String.raw`\:`)}:${meaning.replaceAll(":", String.raw`\:`)}`);
  return `#compdef modly-runs
_modly_runs() {
  local -a commands options
  if (( CURRENT == 2 )); then
    commands=(
${commands.map(({ name, summary }) => `      ${item(name, summary)}`).join("\n")}
    )
    _describe command commands
    return
  fi
  case "$words[CURRENT-1]" in
${[...chosen(commands)].map(([long, words]) => `    ${long}) compadd -- ${words.join(" ")}; return ;;`).join("\n")}
  esac
  if [[ "$words[CURRENT]" != -* ]]; then
    case "$words[2]" in
${withWords(commands)
  .map(({ name, words }) => `      ${name}) compadd -- ${words.join(" ")}; return ;;`)
  .join("\n")}
    esac
    _files
    return
  fi
  case "$words[2]" in
${commands
  .map(
    ({ name, options }) =>
      `    ${name}) options=(${options.map(({ long, meaning }) => item(long, meaning)).join(" ")}) ;;`,
  )
  .join("\n")}
  esac
  _describe option options
}
# From a folder of the fpath this file is itself the function; sourced, it names one.
if [[ "$funcstack[1]" = "_modly-runs" ]]; then _modly_runs "$@"; else compdef _modly_runs modly-runs; fi`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string) =>
    `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
  const line = (...parts: string[]) =>
    ["complete -c modly-runs", ...parts.filter(Boolean)].join(" ");
  return commands
    .flatMap(({ name, summary, options, words }) => [
      line(`-n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`),
      ...(words.length === 0
        ? []
        : [line(`-n '__fish_seen_subcommand_from ${name}' -f -a ${quoted(words.join(" "))}`)]),
      ...options.map(({ long, short, meaning, takesValue, words: values }) =>
        line(
          `-n '__fish_seen_subcommand_from ${name}'`,
          `-l ${long.slice(2)}`,
          short ? `-s ${short.slice(1)}` : "",
          takesValue ? "-r" : "",
          values.length > 0 ? `-f -a ${quoted(values.join(" "))}` : "",
          `-d ${quoted(meaning)}`,
        ),
      ),
    ])
    .join("\n");
}

function powershell(commands: readonly Completed[]): string {
  const row = (key: string, words: string) => `    '${key}' = '${words}'`;
  return `Register-ArgumentCompleter -Native -CommandName modly-runs -ScriptBlock {
  param($word, $tree, $position)
  $options = @{
${commands.map((command) => row(command.name, [longs(command), ...command.words].join(" "))).join("\n")}
  }
  $values = @{
${[...chosen(commands)].map(([long, words]) => row(long, words.join(" "))).join("\n")}
  }
  $given = @($tree.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  $done = @($given | Where-Object { $_ -ne $word })
  $before = if ($done.Count -gt 0) { $done[-1] } else { '' }
  $choices = if ($done.Count -eq 0) { $options.Keys }
    elseif ($values.ContainsKey($before)) { $values[$before] -split ' ' }
    else { $options[$given[0]] -split ' ' }
  $choices | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}`;
}
