#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the shells offer while a command line of wrn or wrn-train is typed.
#   test_completion.sh WRN SOURCE_DIRECTORY [WRN_TRAIN]
set -u
wrn=$1 source=$2 train=${3-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
mkdir "$work/folder"
touch "$work/model.wrn"
cd "$work" || exit 1
. "$source/tools/completion/wrn.bash"

# bash_offers WANTED... -- WORD...: each wanted word is among what bash offers for the last word.
bash_offers() {
    local wanted=() word
    while [ "$1" != -- ]; do wanted+=("$1"); shift; done
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _wrn
    for word in "${wanted[@]}"; do
        case " ${COMPREPLY[*]} " in
        *" $word "*) ;;
        *) echo "FAILED: '$word' is not offered for: $*; but ${COMPREPLY[*]}"; failures=$((failures + 1)) ;;
        esac
    done
}
bash_offers classify convert -- "$wrn" c
bash_offers cifar10 -- "$wrn" classify ci
bash_offers model.wrn folder -- "$wrn" classify ""
bash_offers --html --threads -k -- "$wrn" classify cifar10 -
bash_offers avx2 avx512 -- "$wrn" eval cifar10 --isa av
bash_offers bilinear -- "$wrn" eval cifar10 --filter = bi
bash_offers model.wrn -- "$wrn" classify cifar10 --html m
[ -z "$train" ] || { bash_offers --network --schedule -- "$train" --; bash_offers one-cycle -- "$train" data --schedule o; bash_offers folder -- "$train" --dir f; }
COMP_WORDS=("$wrn" infer cifar10 --threads "") COMP_CWORD=4
_wrn
[ ${#COMPREPLY[@]} = 0 ] || { echo "FAILED: a number is completed with ${COMPREPLY[*]}"; failures=$((failures + 1)); }

# zsh in a terminal of its own, where it is installed: two tabs list what there is.
if command -v zsh >/dev/null; then
    cat >zsh_offers <<'END'
zmodload zsh/zpty
zpty shell "PS1= zsh -f -i"
zpty -w shell "stty -echo cols 200; fpath=($1 \$fpath); path=(${2:h} \$path); autoload -Uz compinit && compinit -u -d $PWD/dump; zstyle ':completion:*' list-prompt ''; echo re''ady"
zpty -r -m shell line '*ready*' 
zpty -w -n shell "$3"$'\t\t'
sleep ${4:-1}
text=
while zpty -r -t shell line; do text+=$line; sleep 0.1; done
print -r -- "$text"
zpty -d shell
END
    offers() { # LINE WANTED: tries again where the machine is slow
        local pause text
        for pause in 1 4 15; do
            text=$(timeout 60 zsh -f zsh_offers "$source/tools/completion" "$wrn" "$1" $pause 2>&1)
            case $text in *"$2"*) return ;; esac
        done
        echo "FAILED: zsh does not offer '$2' for: $1; but $text"
        failures=$((failures + 1))
    }
    offers "wrn c" "what is in these images?"
    offers "wrn classify cifar10 --th" "--threads"
    offers "wrn eval cifar10 --isa avx" "avx512"
else
    echo "zsh is not installed: its completion is not tested"
fi
[ $failures = 0 ]
