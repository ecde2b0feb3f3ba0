import { commonOptions } from "../program.ts";
import { EXIT } from "../exit.ts";
import type { Command } from "./command.ts";
import { COMMANDS, SERVE } from "./table.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
type ShellName = (typeof SHELLS)[number];

/** What can follow: the options of each command. */
interface Words {
  name: string;
  summary: string;
  options: string[];
}

export const completion: Command<[string], object> = {
  examples: [
    ["modly-runs completion bash >> ~/.bashrc", "and open a new shell"],
    ["modly-runs completion zsh > ~/.zfunc/_modly-runs", "a folder of your fpath"],
    ["modly-runs completion fish > ~/.config/fish/completions/modly-runs.fish", ""],
    ["modly-runs completion powershell >> $PROFILE", ""],
  ],
  arguments: [["<shell>", SHELLS.join(", ")]],
  options: [],
  async act(context, [shell]) {
    const known = SHELLS.find((name) => name === shell);
    if (!known)
      return {
        exit: EXIT.usage,
        code: "usage",
        message: `There is no completion for ${shell}: it must be ${SHELLS.join(", ")}.`,
      };
    const shared = commonOptions().flatMap(({ long }) => long ?? []);
    const words = await Promise.all(
      COMMANDS.map(async ({ name, summary, load }) => ({
        name,
        summary,
        options: [...(await load()).options.flatMap(({ long }) => long ?? []), ...shared],
      })),
    );
    const script = WRITERS[known]([...words, { ...SERVE, options: [] }]);
    context.print(script);
    return { exit: EXIT.ok, result: { shell, script } };
  },
};

const single = (text: string) => text.replaceAll("'", "");
const names = (words: readonly Words[]) => words.map(({ name }) => name).join(" ");

const WRITERS: Record<ShellName, (words: readonly Words[]) => string> = {
  bash: (words) => `_modly_runs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" options=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names(words)}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${words.map(({ name, options }) => `    ${name}) options="${options.join(" ")}" ;;`).join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _modly_runs modly-runs`,
  zsh: (words) => `#compdef modly-runs
_modly_runs() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${words.map(({ name, summary }) => `      '${name}:${single(summary)}'`).join("\n")}
    )
    _describe command commands
    return
  fi
  case "$words[2]" in
${words.map(({ name, options }) => `    ${name}) compadd -- ${options.join(" ")} ;;`).join("\n")}
  esac
  _files
}
compdef _modly_runs modly-runs`,
  fish: (words) =>
    words
      .flatMap(({ name, summary, options }) => [
        `complete -c modly-runs -n __fish_use_subcommand -a ${name} -d '${single(summary)}'`,
        ...options.map(
          (long) =>
            `complete -c modly-runs -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}`,
        ),
      ])
      .join("\n"),
  powershell: (words) => `Register-ArgumentCompleter -Native -CommandName modly-runs -ScriptBlock {
  param($word, $tree, $position)
  $options = @{
${words.map(({ name, options }) => `    '${name}' = '${options.join(" ")}'`).join("\n")}
  }
  $given = $tree.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" }
  $choices = if ($given.Count -le 1 -and -not $options.ContainsKey("$($given)")) { $options.Keys } else { $options["$(@($given)[0])"] -split ' ' }
  $choices | Where-Object { $_ -like "$word*" } | Sort-Object | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}`,
};
