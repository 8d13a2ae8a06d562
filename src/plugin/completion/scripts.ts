/** The scripts that `completion` prints. Each asks `kubectl-dnshealth __complete`, so none has to be updated with it. */

/**
 * kubectl 1.26 and newer, with its own completion installed, calls this program for `kubectl dnshealth`.
 * https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#using-shell-completions-in-plugins
 */
const INSTALL_FOR_KUBECTL = `# For "kubectl dnshealth", kubectl 1.26 or newer asks a program in the PATH, besides its own completion. To install it:
#   printf '#!/bin/sh\\nexec kubectl-dnshealth __complete "$@"\\n' > ~/.local/bin/kubectl_complete-dnshealth
#   chmod +x ~/.local/bin/kubectl_complete-dnshealth
`;

const BASH = `# Completion of kubectl-dnshealth for bash. To install it:
#   kubectl-dnshealth completion bash > ~/.local/share/bash-completion/completions/kubectl-dnshealth
${INSTALL_FOR_KUBECTL}
_kubectl_dnshealth() {
  local current="\${COMP_WORDS[COMP_CWORD]}" answer directive
  # bash splits --option=value into three words; the value is what is completed.
  [ "$current" = = ] && current=
  answer=$(kubectl-dnshealth __complete "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null)
  directive=\${answer##*:}
  mapfile -t COMPREPLY < <(compgen -W "$(printf '%s\\n' "\${answer%:*}" | cut -f1)" -- "$current")
  # Files, where the program says so.
  [ "$directive" = 0 ] && [ "\${#COMPREPLY[@]}" -eq 0 ] && mapfile -t COMPREPLY < <(compgen -f -- "$current")
  return 0
}
complete -F _kubectl_dnshealth kubectl-dnshealth
`;

const ZSH = `#compdef kubectl-dnshealth
# Completion of kubectl-dnshealth for zsh. To install it, into a directory of $fpath:
#   kubectl-dnshealth completion zsh > "\${fpath[1]}/_kubectl-dnshealth"
${INSTALL_FOR_KUBECTL}
_kubectl_dnshealth() {
  local -a answer described
  local line
  answer=("\${(@f)$(kubectl-dnshealth __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)answer[1,-2]}"; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#described} )); then
    _describe 'kubectl-dnshealth' described
  elif [[ "\${answer[-1]}" == :0 ]]; then
    _files
  fi
}
if [ "\${funcstack[1]}" = _kubectl-dnshealth ]; then
  _kubectl_dnshealth "$@"
else
  compdef _kubectl_dnshealth kubectl-dnshealth
fi
`;

const FISH = `# Completion of kubectl-dnshealth for fish. To install it:
#   kubectl-dnshealth completion fish > ~/.config/fish/completions/kubectl-dnshealth.fish
${INSTALL_FOR_KUBECTL}
function __kubectl_dnshealth
  set -l words (commandline --current-process --tokenize --cut-at-cursor)
  set -l current (commandline --current-token --cut-at-cursor)
  set -l answer (kubectl-dnshealth __complete $words[2..-1] "$current" 2>/dev/null)
  if test (count $answer) -gt 1
    printf '%s\\n' $answer[1..-2]
  else if test "$answer" = :0
    __fish_complete_path "$current"
  end
end
complete --command kubectl-dnshealth --no-files --arguments '(__kubectl_dnshealth)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** @param shell one of the choices of the verb */
export const completionScript = (shell: string): string => SCRIPTS[shell] ?? '';
