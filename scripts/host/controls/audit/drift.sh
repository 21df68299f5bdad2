# shellcheck shell=bash
# audit/drift: what was changed by hand, by its kind.

load_drift() {
  drift_known=no
  if [[ -f $BASELINE ]] && drift=$(changed_by_hand); then drift_known=yes; fi
}

# unchanged KIND...: of several kinds, each is named with what is found.
unchanged() {
  local found
  [[ $drift_known == yes ]] || no "it is not known what there was" || return
  found=$(awk -F '\t' -v kinds=" $* " 'index(kinds, " " $1 " ") { print (kinds ~ /[a-z] [a-z]/ ? $1 " " : "") $2 }' <<<"$drift")
  [[ -z $found ]] || no "${found//$'\n'/; }"
}
