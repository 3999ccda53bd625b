#compdef rocctl
# Completion of rocctl in zsh: source <(rocctl completion zsh), after compinit; or as a file _rocctl
# in a directory of $fpath.
#
# Asks rocctl itself what may come next, so that it knows all commands, options and the names that
# the daemon has now.

_rocctl() {
  local -a lines names shown
  local line program=${(Q)words[1]}
  (( $+commands[$program] )) || [[ -x $program ]] || program=rocctl
  lines=("${(@f)$("$program" __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  if [[ ${lines[1]} == files ]]; then
    _files
    return
  fi
  for line in "${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    names+=("${line%%$'\t'*}")
    shown+=("${line/$'\t'/  -- }")
  done
  (( $#names )) || return 1
  compadd -l -d shown -a names
}

# Called as a function of $fpath, or sourced.
if [[ ${funcstack[1]} == _rocctl ]]; then
  _rocctl "$@"
else
  compdef _rocctl rocctl
fi
