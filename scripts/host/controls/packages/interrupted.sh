# shellcheck shell=bash
# packages/interrupted: an install that was killed in the middle, or whose database could not be set up.
#
# A database's package makes its data folder while it is configured, and takes whatever lies there
# afterwards for data of yours, half-made as it may be; it would then fail for ever.

readonly DATA=/var/lib/mysql UNFINISHED=/var/lib/mysql.unfinished ERROR_LOG=/var/log/mysql/error.log
readonly SCRIPT_SECONDS=180

# finish_interrupted: an earlier transaction was killed in the middle, or is still at work; dpkg itself
# would not wait for that one, so `apt-get check` does.
finish_interrupted() {
  if is_finished; then return 0; fi
  apt_get check &>/dev/null || true
  await_scripts
  if is_finished; then return 0; fi
  if [[ -n $(never_configured) && -z $(user_schemas) ]]; then set_data_aside; fi
  installing configure_all
  changed "finished an interrupted install"
}

# is_finished: apt does nothing at all while dpkg has a journal, which may be of a package that is well.
is_finished() {
  none_broken >/dev/null && [[ -z $(find /var/lib/dpkg/updates -name '[0-9]*' 2>/dev/null) ]]
}

# configure_all: what was not even unpacked as a whole, dpkg cannot configure. Apt unpacks it again, but
# only once dpkg has no journal any more.
configure_all() {
  if ! dpkg --force-confdef --force-confold --configure --pending && [[ -n $(half_configured) ]]; then return 1; fi
  is_finished || apt_get install --fix-broken --no-install-recommends
}

# await_scripts: a package's script outlives a dpkg that is killed, as does a database that it started.
await_scripts() {
  local deadline=$((SECONDS + SCRIPT_SECONDS))
  while pgrep -f '/var/lib/dpkg/(info|tmp\.ci)/' >/dev/null; do
    ((SECONDS < deadline)) ||
      die 70 "a package's script of an earlier install has not ended for $SCRIPT_SECONDS s; end it, then run again"
    sleep 0.2
  done
}

# never_configured: the database's package that dpkg began to set up, if none of its packages ever was.
never_configured() {
  local name status version found=''
  while IFS=$'\t' read -r name status version; do
    if [[ $name =~ -core(-|$) || $status == not-installed ]]; then continue; fi
    # Whoever was configured once, be it under another version's name, may have left data.
    if [[ -n $version || $status == installed || $status == triggers-* ]]; then return 0; fi
    if [[ $status == half-configured ]]; then found=$name; fi
  done < <(dpkg-query -W -f '${Package}\t${db:Status-Status}\t${Config-Version}\n' \
    'mysql-server*' 'mysql-community-server*' 'mariadb-server*' 2>/dev/null)
  printf '%s' "$found"
}

# user_schemas: each has a folder, also an empty one.
user_schemas() {
  [[ -d $DATA ]] || return 0
  find "$DATA/" -mindepth 1 -maxdepth 1 \( -type d -o -type l \) ! -name mysql ! -name performance_schema \
    ! -name sys ! -name '#innodb_*' ! -name lost+found -printf '%f\n' 2>/dev/null | sort | paste -sd ' '
}

# set_data_aside: nobody's data, but kept all the same until the next time.
set_data_aside() {
  local deadline=$((SECONDS + SCRIPT_SECONDS))
  if [[ ! -e $DATA || -z $(ls -A -I lost+found -- "$DATA") ]]; then return 0; fi
  if [[ -L $DATA ]] || mountpoint --quiet "$DATA"; then
    die 70 "$DATA is half-made, and a link or a disk of its own; empty it, then run again"
  fi
  systemctl stop mysql.service mariadb.service &>/dev/null || true
  while in_use; do
    ((SECONDS < deadline)) || die 70 "$DATA is half-made, and a database is still at work in it; end that, then run again"
    sleep 0.2
  done
  rm -rf -- "$UNFINISHED"
  mv -T -- "$DATA" "$UNFINISHED"
  install -d -m 700 -o mysql -g mysql -- "$DATA"
  changed "set the data folder of a database that was never set up aside, as $UNFINISHED"
}

# in_use: a database's working directory is its data folder.
in_use() { [[ -n $(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$DATA" 2>/dev/null) ]]; }

# has_given_up: MySQL's own first start has, in a folder that holds nothing of anybody's. On a busy machine it
# does so now and then, and succeeds when it is begun anew.
has_given_up() {
  [[ -n $(never_configured) && -z $(user_schemas) ]] && tail -n 10 -- "$ERROR_LOG" 2>/dev/null | grep -qF '[MY-013236]'
}

# installing COMMAND...: as `quietly`; of a database it tells what that itself has logged, too.
installing() {
  local output schemas
  if output=$("$@" 2>&1 </dev/null); then return 0; fi
  if has_given_up; then
    set_data_aside
    if output=$(configure_all 2>&1 </dev/null); then return 0; fi
  fi
  tail -n 20 <<<"$output" >&2
  if [[ -n $(half_configured) && -s $ERROR_LOG ]]; then
    printf 'What %s ends with:\n' "$ERROR_LOG" >&2
    grep -v 'temporary password' -- "$ERROR_LOG" | tail -n 10 >&2
  fi
  schemas=$(user_schemas)
  if [[ -n $(half_configured) && -n $schemas ]]; then
    die 70 "$(half_configured) could not be set up, see above; $DATA was left alone, since there is data of yours in it: $schemas"
  fi
  die 70 "'$1' failed, see above; mend the cause and run again"
}

half_configured() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' '*mysql*server*' 'mariadb-server*' 2>/dev/null |
    sed -n 's/^half-configured //p' | paste -sd ' '
}
