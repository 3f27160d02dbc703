# SPDX-License-Identifier: MIT
# For runners that are shell scripts: say why there is nothing to run, as the test of a language ($1 is `test`) or as a
# runner of the scenario, which answers lines.
skip() {
    if [ "${1:-}" = test ]; then
        echo "$2"
        exit 77
    fi
    printf 'skip\t%s\n' "$2"
    exit
}
