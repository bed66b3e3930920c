/**
 * The scripts of `bulkhead completion`. They hand the words to `bulkhead __complete` and take its lines as they are: none is ever
 * evaluated (`compgen -W` would), since some of the text is that of plugins.
 */
export const completionScripts = {
  bash: `_bulkhead() {
  local value text
  COMPREPLY=()
  while IFS=$'\\t' read -r value text; do
    COMPREPLY+=("$value")
  done < <(bulkhead __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _bulkhead bulkhead
`,

  zsh: `#compdef bulkhead
_bulkhead() {
  local value text
  local -a found
  while IFS=$'\\t' read -r value text; do
    found+=("\${value//:/\\\\:}:$text")
  done < <(bulkhead __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe bulkhead found; else _files; fi
}
if [ "$funcstack[1]" = _bulkhead ]; then _bulkhead "$@"; else compdef _bulkhead bulkhead; fi
`,

  fish: `function __bulkhead_complete
  set -l words (commandline -opc) (commandline -ct)
  bulkhead __complete $words[2..-1] 2>/dev/null
end
complete -c bulkhead -a '(__bulkhead_complete)'
`,
} as const;
