import { exitCodes, usageFailure } from "../failure.ts";
import type { Verb } from "../verb.ts";
import { quoted } from "../view/object-names.ts";

/**
 * Output of `fairlead completion SHELL`. Candidates are names from networks: no script hands them to anything that
 * expands (compgen -W, eval); each is a line, taken as it is and quoted where it is put into the command line. A lone
 * tab asks for names of files.
 */
const bash = `# fairlead(1) completion for bash; load it with: . <(fairlead completion bash)
_fairlead() {
  local candidate typed=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r candidate; do
    [[ $candidate == $'\\t' ]] && compopt -o default && return 0
    case $typed in
      \\"*|\\'*) ;; # readline closes the quote itself
      *) [[ $candidate == *= ]] || printf -v candidate %q "$candidate" ;;
    esac
    COMPREPLY+=("$candidate")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _fairlead fairlead
`;

const zsh = `#compdef fairlead
# fairlead(1) completion for zsh; load it with: . <(fairlead completion zsh)
_fairlead() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates:#}")
  [[ \${candidates[1]} == $'\\t' ]] && { _files; return }
  (( \${#candidates} )) && compadd -- "\${candidates[@]}"
}
compdef _fairlead fairlead
`;

const fish = `# fairlead(1) completion for fish; load it with: fairlead completion fish | source
function __fairlead_candidates
  set --local found (fairlead __complete -- (commandline --cut-at-cursor --current-process | string collect) 2>/dev/null)
  if contains -- \\t $found
    __fish_complete_path (commandline --cut-at-cursor --current-token)
  else if set --query found[1]
    printf '%s\\n' $found
  end
end
complete --command fairlead --no-files --arguments '(__fairlead_candidates)'
`;

const shellScripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const completion: Verb = {
  name: "completion",
  operands: "bash|zsh|fish",
  leastOperands: 1,
  mostOperands: 1,
  summary: "prints a completion script for a shell",
  completes: ["shell", "none"],
  async run({ operands, options, out }) {
    const [shell = ""] = operands;
    const script = Object.hasOwn(shellScripts, shell) ? shellScripts[shell] : undefined;
    if (script === undefined)
      throw usageFailure(`there is no completion for ${quoted(shell)}; only bash, zsh and fish`);
    if (options.json) out.json({ shell, script });
    else out.verbatim(script);
    return exitCodes.ok;
  },
};
