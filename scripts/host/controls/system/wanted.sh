# shellcheck shell=bash
# system/wanted: the files that this control owns, each with its text and its mode.

readonly SYSCTL=/etc/sysctl.d/zz-stronghold.conf MODULES=/etc/modprobe.d/zz-stronghold.conf
readonly LIMITS=/etc/security/limits.d/zz-stronghold.conf
readonly COREDUMP=/etc/systemd/coredump.conf.d/zz-stronghold.conf
readonly PROFILE=/etc/profile.d/zz-stronghold.sh GREETING=/etc/issue
readonly APT=/etc/apt/apt.conf.d/zz-stronghold
readonly MOUNTS_UNIT=stronghold-mounts.service
readonly MOUNTS=/etc/systemd/system/$MOUNTS_UNIT
readonly AUDIT_RULES=/etc/audit/rules.d/zz-stronghold.rules
readonly -a AUDIT_DROP_INS=(
  /etc/systemd/system/auditd.service.d/zz-stronghold.conf
  /etc/systemd/system/audit-rules.service.d/zz-stronghold.conf
)

# is_container: it shares the kernel of the machine that it runs on, and has no say in it.
is_container() { [[ -e /run/systemd/container ]]; }

load_wanted() {
  local path
  for path in "$SYSCTL" "$MODULES" "$LIMITS" "$COREDUMP" "$GREETING" "$GREETING.net" "$APT" "$MOUNTS"; do
    want_file own 644 "$path" "system$path"
  done
  want_file own 644 "$PROFILE" "system$PROFILE" IDLE_SECONDS="${PARAM[IDLE_SECONDS]}"
  # They tell an intruder what to avoid.
  want_file own 640 "$AUDIT_RULES" "system$AUDIT_RULES"
  for path in "${AUDIT_DROP_INS[@]}"; do
    want_file own 644 "$path" system/audit-unit.conf
  done
}

readonly LOGIN_DEFS=/etc/login.defs
readonly LOGIN_DEFS_HEAD='# Kept by stronghold; see pam_umask(8), and login.defs(5) for hashes by SHA.'
readonly -A LOGIN_DEFS_WANTED=([UMASK]=027 [SHA_CRYPT_MIN_ROUNDS]=65536 [SHA_CRYPT_MAX_ROUNDS]=65536)

# login_defs_text: the file has no folder for drop-ins, and what else stands there is the release's own.
login_defs_text() {
  local line
  while IFS= read -r line; do
    [[ $line != "$LOGIN_DEFS_HEAD" ]] || continue
    [[ ! $line =~ ^[[:blank:]]*(UMASK|SHA_CRYPT_MIN_ROUNDS|SHA_CRYPT_MAX_ROUNDS)([[:blank:]]|$) ]] || continue
    printf '%s\n' "$line"
  done <"$LOGIN_DEFS"
  printf '%s\n' "$LOGIN_DEFS_HEAD"
  for line in UMASK SHA_CRYPT_MIN_ROUNDS SHA_CRYPT_MAX_ROUNDS; do
    printf '%s %s\n' "$line" "${LOGIN_DEFS_WANTED[$line]}"
  done
}
