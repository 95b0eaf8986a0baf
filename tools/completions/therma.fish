# fish completion for therma: commands and options are asked of the program itself.
function __therma_commands
    therma --help 2>/dev/null | sed -nE '/^Subcommands:/,/^$/s/^  ([a-z-]+) .*/\1/p'
end
function __therma_options
    set -l command (commandline -opc)[2]
    therma $command --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u
end
complete -c therma -n __fish_use_subcommand -f -a '(__therma_commands)'
complete -c therma -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__therma_options)'
