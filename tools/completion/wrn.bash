# SPDX-License-Identifier: Apache-2.0
# Completion of wrn and wrn-train for bash. It asks the program's own --help, so it knows what that version knows.

# Lines of the help of the command that is being typed.
_wrn_help() {
    local program=${COMP_WORDS[0]/#\~/$HOME}
    if [[ ${program##*/} == wrn ]] && ((COMP_CWORD > 1)); then
        "$program" "${COMP_WORDS[1]}" --help-all
    else
        "$program" --help-all
    fi 2>/dev/null
}

_wrn() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} value words
    COMPREPLY=()
    [[ $current == = ]] && current=
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    if [[ $previous == -?* ]]; then
        value=$(_wrn_help | awk -v option="$previous" '$1 == option && $2 != "" && /^  -[^ ]+ [^ ]/ { print $2 }')
        case $value in
        *'|'*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$current") ; return ;;
        DIRECTORY) mapfile -t COMPREPLY < <(compgen -d -- "$current") ; return ;;
        FILE*) mapfile -t COMPREPLY < <(compgen -f -- "$current") ; return ;;
        ?*) return ;;
        esac
    fi
    if [[ $current == -* ]]; then
        words=$(_wrn_help | awk '/^  -/ { print $1 }')
    elif [[ ${COMP_WORDS[0]##*/} == wrn ]] && ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_wrn_help | awk '/^  [a-z]+  / { print $1 }')" -- "$current")
        return
    elif [[ ${COMP_WORDS[0]##*/} == wrn ]] && ((COMP_CWORD == 2)); then
        words=cifar10
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; [[ $current == -* ]] || compgen -f -- "$current")
}

complete -o filenames -o bashdefault -F _wrn wrn wrn-train
