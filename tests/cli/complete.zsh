# complete.zsh - the words that zsh offers for a line, one each line, and its messages.
# usage: zsh -f complete.zsh DIR SCRATCH LINE      DIR has _carrel
#
# Completion needs a terminal, so a second zsh gets one, in which every compadd writes to a file what
# it adds; the line is typed there, then a tab.
zmodload zsh/zpty || exit 77

cat > $2/inner <<'INNER'
compadd() {
	local -a found
	# what a completion function asks for itself
	if [[ " ${(j: :)@[1,(i)(-|--)]} " != *" -"[a-zA-Z]#[OAD]" "* ]]; then
		builtin compadd -O found "$@"
		print -rl -- $found >> $SCRATCH/words
	fi
	builtin compadd "$@"
}
asked() { zle complete-word 2>> $SCRATCH/words; print -r -- "$BUFFER" > $SCRATCH/line; exit }
zle -N asked
bindkey '^I' asked
setopt extended_glob no_beep
zstyle ':completion:*' menu no
zstyle ':completion:*:messages' format 'message: %d'
INNER
rm -f $2/words $2/line
touch $2/words
zpty inner "SCRATCH=${(q)2} TERM=dumb zsh -f -i"
zpty -w inner "fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -d $2/dump; . $2/inner; clear"
zpty -w -n inner "$3"$'\t'
while zpty -r inner out 2>/dev/null; do seen+=$out; done
sort -u $2/words | grep .
[[ -e $2/line ]] || { print -r -- "never: $seen" >&2; exit 1 }
