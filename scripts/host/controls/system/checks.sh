# shellcheck shell=bash
# system/checks: how the rest differs. Each prints why it fails.

login_defs_is_exact() {
  is_file "$LOGIN_DEFS" 644 root:root "$(login_defs_text)" || no "$LOGIN_DEFS differs"
}

# What nobody but root has to read, and how it may be at most.
readonly -A STRICT_MODES=(
  ["/etc/crontab"]=600 ["/etc/cron.d"]=700 ["/etc/cron.hourly"]=700 ["/etc/cron.daily"]=700 ["/etc/cron.weekly"]=700
  ["/etc/cron.monthly"]=700 ["/etc/cron.yearly"]=700 ["/etc/ssh/sshd_config"]=600 ["/etc/iptables"]=700
  ["/etc/sudoers.d"]=750 ["/etc/audit"]=750
)

# loose_paths: those that are open wider, or somebody else's.
loose_paths() {
  local mode owner path
  stat -c '%a %U:%G %n' -- "${!STRICT_MODES[@]}" 2>/dev/null | while read -r mode owner path; do
    [[ $owner == root:root ]] && (((8#$mode & ~8#${STRICT_MODES[$path]}) == 0)) || printf '%s\n' "$path"
  done
}

modes_are_strict() {
  local found
  found=$(loose_paths | sort | paste -sd ' ')
  [[ -z $found ]] || no "$found"
}

readonly -a SHARED_FOLDERS=(/tmp /dev/shm) SHARED_OPTIONS=(nosuid nodev noexec)

# open_folders: the shared ones from which something could be run. One that is part of another file system
# has no options of its own.
open_folders() {
  local folder options option path
  local -A options_of=()
  # The server's own view: a unit may look at folders of its own. The last one mounted is on top.
  while read -r _ path _ options _; do
    options_of[$path]=,$options,
  done </proc/1/mounts
  for folder in "${SHARED_FOLDERS[@]}"; do
    [[ -v options_of[$folder] ]] || continue
    for option in "${SHARED_OPTIONS[@]}"; do
      [[ ${options_of[$folder]} == *",$option,"* ]] || { printf '%s\n' "$folder" && break; }
    done
  done
}

shared_folders_run_nothing() {
  local folder ok=0
  for folder in $(open_folders); do
    no "$folder lacks one of ${SHARED_OPTIONS[*]}" || ok=1
  done
  are_exact "$MOUNTS" "$APT" || ok=1
  starts_with sysinit.target "$MOUNTS_UNIT" || ok=1
  return "$ok"
}

# starts_with TARGET UNIT
starts_with() {
  [[ -e /etc/systemd/system/$1.wants/$2 && $(readlink -- "/etc/systemd/system/$2") != /dev/null ]] ||
    no "$2 does not start at boot"
}

apparmor_is_on() {
  starts_with sysinit.target apparmor.service || return
  if is_container; then return 0; fi
  [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || no "the kernel runs without AppArmor" || return
  systemctl --quiet is-active apparmor.service || no "no profile is loaded"
}

no_apparmor() { ! is_container || printf ', as soon as it is no container'; }

audit_is_on() {
  local ok=0
  are_exact "$AUDIT_RULES" "${AUDIT_DROP_INS[@]}" || ok=1
  starts_with multi-user.target auditd.service || ok=1
  if is_container; then
    return "$ok"
  fi
  systemctl --quiet is-active auditd.service || no "auditd does not run" || ok=1
  rules_are_loaded || ok=1
  return "$ok"
}

# rules_are_loaded: by their keys; how the kernel spells a rule is its own affair.
rules_are_loaded() {
  local key loaded ok=0
  loaded=$(auditctl -l 2>&1)
  while IFS= read -r key; do
    [[ $loaded =~ (-k |key=)$key($|[[:space:]]) ]] || no "no rule with the key $key is loaded" || ok=1
  done < <(grep -oP '(-k |key=)\K[a-z_-]+' <<<"${TEXT_OF[$AUDIT_RULES]}" | sort -u)
  return "$ok"
}

no_audit() { ! is_container || printf ', as soon as this is no container'; }

# open_compilers: those that others than root may run, by the files that their names lead to.
open_compilers() {
  local mode path name
  local -a found=()
  for name in as cc c++ clang clang++ g++ gcc go ld rustc tcc; do
    for path in /usr/bin/"$name" /usr/bin/"$name"-[0-9]* /usr/bin/*-linux-gnu-"$name" /usr/bin/*-linux-gnu-"$name"-[0-9]*; do
      [[ ! -e $path ]] || found+=("$path")
    done
  done
  ((${#found[@]} > 0)) || return 0
  stat -L -c '%a %n' -- "${found[@]}" 2>/dev/null | while read -r mode path; do
    ((8#$mode % 8 == 0)) || printf '%s\n' "$path"
  done
}

compilers_are_roots() {
  local found
  found=$(open_compilers | paste -sd ' ')
  [[ -z $found ]] || no "$found"
}
