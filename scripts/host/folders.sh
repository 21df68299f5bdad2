# shellcheck shell=bash
# folders: as they shall be, compared with one question for all, and made. What takes them has them on stdin, as
# lines FOLDER MODE [OWNER], root's where no owner is named.

# differing_folders: those lines whose folder is not just so, or is a link.
differing_folders() {
  local line folder mode owner said
  local -a lines
  local -A is=()
  mapfile -t lines
  while IFS=$'\t' read -r folder said; do is[$folder]=$said; done < <(stat -c $'%n\t%F %a %U:%G' -- "${lines[@]%% *}" 2>/dev/null)
  for line in "${lines[@]}"; do
    read -r folder mode owner <<<"$line"
    owner=${owner:-root:root}
    [[ ${is[$folder]-} == "directory $mode $owner" ]] || printf '%s %s %s\n' "$folder" "$mode" "$owner"
  done
}

are_folders() {
  local found
  found=$(differing_folders)
  [[ -z $found ]] || no "not as they shall be: ${found//$'\n'/, }"
}

# make_folders: what lies in a folder's place goes, if it is none.
make_folders() {
  local folder mode owner
  while read -r folder mode owner; do
    if [[ -L $folder || (-e $folder && ! -d $folder) ]]; then rm -f -- "$folder"; fi
    install -d -m "$mode" -o "${owner%:*}" -g "${owner#*:}" -- "$folder"
    changed "made $folder"
  done < <(differing_folders)
}
