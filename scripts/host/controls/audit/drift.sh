# shellcheck shell=bash
# audit/drift: what was changed by hand, by its kind.

load_drift() {
  drift_known=no
  if [[ -f $BASELINE ]] && drift=$(changed_by_hand); then drift_known=yes; fi
}

# renew_baseline: after an upgrade of what lists the server. What the earlier one has noticed until now is told once
# more, as it goes unnoticed from now on.
renew_baseline() {
  local kind what
  if [[ ! -f $BASELINE ]] || grep -qxF "$(world | grep ^lister)" -- "$BASELINE"; then return 0; fi
  if [[ -f $COPY/controls/audit/world.sh ]]; then
    while IFS=$'\t' read -r kind what; do
      if [[ $kind != lister ]]; then changed "no longer a change by hand, as another version looks for them: $kind $what"; fi
    done < <(LISTED_BY=$COPY changed_by_hand)
  fi
  keep_world "$BASELINE"
  changed "noted anew what the server consists of"
}

# unchanged KIND...: of several kinds, each is named with what is found.
unchanged() {
  local found
  [[ $drift_known == yes ]] || no "what there is cannot be compared with what there was" || return
  found=$(awk -F '\t' -v kinds=" $* " 'index(kinds, " " $1 " ") { print (kinds ~ /[a-z] [a-z]/ ? $1 " " : "") $2 }' <<<"$drift")
  [[ -z $found ]] || no "${found//$'\n'/; }"
}
