# SPDX-License-Identifier: MIT
# Completion of the command libllm in bash. What there is to complete, the command's own help says.

_libllm() {
    local current=$2 previous=$3 command=${COMP_WORDS[1]} values
    compopt -o default
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(libllm --help | sed -n '/^Commands:/,/^$/s/^  \(\S\+\) .*/\1/p') help" -- "$current")
    elif [ "$command" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(libllm --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p')" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(libllm "$command" --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]\+\).*/\2/p')" -- "$current")
    elif [[ $previous == -* ]]; then
        # Choices as the help has them, such as `--kv f32|f16`; of patterns such as `vulkan:N` none.
        values=$(libllm "$command" --help 2>/dev/null | sed -n "s/^  \(-., \|    \)$previous \([a-z0-9_]\+\(|[A-Za-z0-9_:]\+\)\+\)  .*/\2/p")
        mapfile -t COMPREPLY < <(compgen -W "$(tr '|' '\n' <<<"$values" | grep -v :)" -- "$current")
    fi
}

complete -F _libllm libllm
