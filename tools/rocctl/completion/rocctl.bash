# Completion of rocctl in bash: source <(rocctl completion bash)
#
# Asks rocctl itself what may come next, so that it knows all commands, options and the names that
# the daemon has now.

_rocctl() {
  local -a words=('')
  local i word answer directive program=${COMP_WORDS[0]/#\~/$HOME}
  # Bash divides words at = and : too; rocctl does not.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ $word == [=:]* || ${words[-1]} == *[=:] ]]; then
      words[-1]+=$word
    elif ((i == 1)); then
      words[0]=$word
    else
      words+=("$word")
    fi
  done
  COMPREPLY=()
  type "$program" >/dev/null 2>&1 || program=rocctl
  answer=$("$program" __complete "${words[@]}" 2>/dev/null) || return 0

  local current=${words[-1]} given=''
  # What is before the last = or : stays as it is typed.
  if [[ $current != [\'\"]* ]]; then
    if [[ $COMP_WORDBREAKS == *=* && $current == *=* ]]; then given=${current%"${current##*=}"}; fi
    if [[ $COMP_WORDBREAKS == *:* && ${current#"$given"} == *:* ]]; then
      given=${current%"${current##*:}"}
    fi
  fi
  {
    read -r directive
    if [[ $directive == files ]]; then
      compopt -o default 2>/dev/null
      return 0
    fi
    while IFS=$'\t' read -r word _; do
      # Within quotes a name stands as it is, else its spaces need backslashes.
      if [[ $current != [\'\"]* ]]; then printf -v word '%q' "$word"; fi
      COMPREPLY+=("${word#"$given"}")
    done
  } <<<"$answer"
}

complete -F _rocctl rocctl
