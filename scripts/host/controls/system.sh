#!/usr/bin/env bash
# system: the kernel, and the defaults that programs start from, leave an intruder little to work with
#
# Threat:  a foothold as an ordinary account that grows by way of the kernel, of a shared folder or of another
#          program's memory, and of which nothing is recorded.
# Source:  "paranoid" design, kernel and mandatory access control; what outside judges ask of a server.
# Changes: drop-ins for sysctl, modprobe, limits, coredump, profile, apt and audit; login.defs; the greeting;
#          modes of files that root alone reads; the mount options of /tmp and /dev/shm.
# needs:   apparmor auditd passwd
# checks:  SYSTEM-01 P03, SYSTEM-02 P03, SYSTEM-03 P03, SYSTEM-04 P03, SYSTEM-05 P03, SYSTEM-06 P03, SYSTEM-07 P03, SYSTEM-08 P03, SYSTEM-09 P03, SYSTEM-10 P03, SYSTEM-11 P03, SYSTEM-12 P03
# shellcheck shell=bash

takes IDLE_SECONDS '^[1-9][0-9]{1,5}$'

# shellcheck source-path=SCRIPTDIR/system source=system/wanted.sh
source "$HOST_DIR/controls/system/wanted.sh"
# shellcheck source-path=SCRIPTDIR/system source=system/kernel.sh
source "$HOST_DIR/controls/system/kernel.sh"
# shellcheck source-path=SCRIPTDIR/system source=system/checks.sh
source "$HOST_DIR/controls/system/checks.sh"
# shellcheck source-path=SCRIPTDIR/system source=system/mend.sh
source "$HOST_DIR/controls/system/mend.sh"

audit() {
  load_wanted
  load_kernel
  check SYSTEM-01 "P03 what the kernel gives away, and whom it believes, is settled for every boot" are_exact "$SYSCTL"
  check SYSTEM-02 "P03 the running kernel obeys it$(not_ours)" kernel_obeys
  check SYSTEM-03 "P03 the kernel loads no protocols, file systems and devices that nobody here needs" are_exact "$MODULES"
  check SYSTEM-04 "P03 no program leaves its memory behind as a core dump" are_exact "$LIMITS" "$COREDUMP"
  check SYSTEM-05 "P03 login.defs closes new files to others, and makes slow hashes of passwords" login_defs_is_exact
  check SYSTEM-06 "P03 shells close new files to others, and end after ${PARAM[IDLE_SECONDS]} s at the prompt" are_exact "$PROFILE"
  check SYSTEM-07 "P03 the greeting warns strangers, and tells them nothing of the system" are_exact "$GREETING" "$GREETING.net"
  check SYSTEM-08 "P03 what root alone reads is closed to others" modes_are_strict
  check SYSTEM-09 "P03 nothing can be run from /tmp and /dev/shm, now and after a reboot" shared_folders_run_nothing
  check SYSTEM-10 "P03 AppArmor confines the programs that have a profile$(no_apparmor)" apparmor_is_on
  check SYSTEM-11 "P03 what people do that matters is recorded by the kernel$(no_audit)" audit_is_on
  check SYSTEM-12 "P03 compilers, if there are any, are for root alone" compilers_are_roots
}

apply() {
  load_wanted
  put_wanted
  put_login_defs
  load_kernel
  mend_kernel
  mend_modes
  mend_units
  mend_mounts
  mend_audit
  mend_compilers
}
