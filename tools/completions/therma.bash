# bash completion for therma: commands and options are asked of the program itself.
_therma() {
  local word="${COMP_WORDS[COMP_CWORD]}" words
  case "$word" in
    -*) words=$(therma ${COMP_WORDS[1]:+"${COMP_WORDS[1]}"} --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u) ;;
    *)
      [ "$COMP_CWORD" -eq 1 ] || return 0
      words=$(therma --help 2>/dev/null | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z-]+) .*/\1/p')
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _therma therma
