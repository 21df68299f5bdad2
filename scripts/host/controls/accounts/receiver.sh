# shellcheck shell=bash
# accounts/receiver: the account by which the database server's backups arrive, on a backup server.
#
# Whoever holds its key shall be able to push and nothing else. So its login shell is the program that
# pushes, its keys name that program once more, and nothing that sshd or the program reads is its own.

# shellcheck source=found.sh
source "$HOST_DIR/controls/accounts/found.sh"

readonly RECEIVER=stronghold-push RECEIVER_HOME=/var/lib/stronghold-push
readonly PUSH=/usr/local/sbin/stronghold-push

# want_receiver: nothing without its parameters, as on every other server.
want_receiver() {
  local key text from=${PARAM[RECEIVER_FROM]}
  text=$(decoded RECEIVER_KEYS_B64)
  [[ -n $text || -n $from ]] || return 0
  [[ -n $text && -n $from ]] || usage "RECEIVER_KEYS_B64 and RECEIVER_FROM go together"
  [[ ! ,$from, =~ /0+, ]] || refuse ACCOUNTS-14 "RECEIVER_FROM is everywhere; give the database server's address"
  [[ $deployer != "$RECEIVER" && -z ${keys_of[$RECEIVER]-} ]] ||
    refuse ACCOUNTS-14 "$RECEIVER is the account that backups arrive by, and can be nobody else's"
  while IFS= read -r key; do
    [[ -n $key ]] || continue
    usable_key "$key" || refuse ACCOUNTS-14 "a receiver key is not a public key that sshd would accept"
    # One key can be in the file once: of two lines, sshd would go by the first.
    [[ ${keys_of[*]} != *" ${key#* }"* ]] || refuse ACCOUNTS-14 "a receiver key is somebody else's as well"
    keys_of["$RECEIVER"]+="restrict,from=\"$from\",command=\"$PUSH\" $key"$'\n'
  done <<<"$text"
  receiver=$RECEIVER
}

make_receiver() {
  local member
  [[ -n $receiver ]] || return 0
  put_file "$PUSH" 755 root:root bash -n <<<"$(render "accounts$PUSH")"
  if ! exists "$receiver"; then
    quietly useradd --system --user-group --no-create-home --home-dir "$RECEIVER_HOME" --shell "$PUSH" "$receiver"
    changed "made the account $receiver"
  fi
  make_whole "$receiver"
  load_found
  if ! receiver_is_plain >/dev/null; then
    # Who is at work in its name may have changed it, and usermod would wait for nobody. A push is made again.
    pkill -KILL -u "$receiver" || true
    await_end_of "$receiver"
    quietly usermod --home "$RECEIVER_HOME" --shell "$PUSH" --expiredate '' --gid "$receiver" "$receiver"
    changed "let $receiver push, and no more"
  fi
  load_found
  if ! receiver_groups_are_exact >/dev/null; then
    quietly usermod --groups "$LOGIN_GROUP" "$receiver"
    for member in $(getent group "$receiver" | cut -d : -f 4 | tr ',' ' '); do
      quietly gpasswd --delete "$member" "$receiver"
    done
    changed "put $receiver in the group $LOGIN_GROUP and no other, and nobody in its own"
  fi
  if has_password "$receiver"; then
    quietly usermod --lock "$receiver"
    changed "locked the password of $receiver"
  fi
  make_receiver_home
}

# await_end_of ACCOUNT: of its last process, which is dead and may not have been buried yet.
await_end_of() {
  local left
  for ((left = 50; left > 0; left--)); do
    if ! pgrep -u "$1" >/dev/null; then return 0; fi
    sleep 0.1
  done
}

# The folders may be entered by sshd in the account's name, and are root's: it cannot give itself a key.
make_receiver_home() {
  local folder surplus
  for folder in "$RECEIVER_HOME" "$RECEIVER_HOME/.ssh"; do
    if is_receiver_folder "$folder"; then continue; fi
    if [[ -L $folder || (-e $folder && ! -d $folder) ]]; then rm -f -- "$folder"; fi
    install -d -m 750 -o root -g "$receiver" -- "$folder"
    changed "made $folder root's"
  done
  while IFS= read -r surplus; do
    rm -rf -- "$surplus"
    changed "removed $surplus"
  done < <(receiver_surplus)
  put_file "$RECEIVER_HOME/.ssh/authorized_keys" 640 "root:$receiver" <<<"${keys_of[$receiver]%$'\n'}"
}

is_receiver_folder() { [[ ! -L $1 && $(stat -c '%a %U:%G' -- "$1" 2>/dev/null) == "750 root:$RECEIVER" ]]; }

receiver_surplus() {
  find "$RECEIVER_HOME" -mindepth 1 ! -path "$RECEIVER_HOME/.ssh" ! -path "$RECEIVER_HOME/.ssh/authorized_keys"
}

# --- Checks: each prints why it fails ---------------------------------------------------------

receiver_is_set_up() {
  local folder surplus ok=0
  exists "$receiver" || no "$receiver has no account" || return
  is_whole "$receiver" || ok=1
  receiver_is_plain || ok=1
  receiver_groups_are_exact || ok=1
  ! has_password "$receiver" || no "has a password" || ok=1
  for folder in "$RECEIVER_HOME" "$RECEIVER_HOME/.ssh"; do
    is_receiver_folder "$folder" || no "$folder is not root's alone to change" || ok=1
  done
  surplus=$(receiver_surplus 2>/dev/null | paste -sd ' ')
  [[ -z $surplus ]] || no "$surplus" || ok=1
  is_file "$RECEIVER_HOME/.ssh/authorized_keys" 640 "root:$receiver" "${keys_of[$receiver]%$'\n'}" ||
    no "$RECEIVER_HOME/.ssh/authorized_keys differs" || ok=1
  is_file "$PUSH" 755 root:root "$(render "accounts$PUSH")" || no "$PUSH differs" || ok=1
  return "$ok"
}

receiver_is_plain() {
  ((${uid_of[$receiver]} < 1000)) || no "$receiver is a person's account" || return
  [[ ${shell_of[$receiver]} == "$PUSH" ]] || no "shell ${shell_of[$receiver]}" || return
  [[ ${home_of[$receiver]} == "$RECEIVER_HOME" ]] || no "home ${home_of[$receiver]}" || return
  [[ $(id -gn -- "$receiver") == "$receiver" ]] || no "group $(id -gn -- "$receiver")" || return
  ! is_expired "$receiver" || no "expired"
}

receiver_groups_are_exact() {
  local groups
  groups=$(id -nG -- "$receiver" | tr ' ' '\n' | sort | paste -sd ' ')
  [[ $groups == "$LOGIN_GROUP $receiver" ]] || no "in the groups $groups" || return
  [[ $(members "$receiver" | sort -u | paste -sd ' ') =~ ^\ ?$receiver$ ]] || no "others are in its group"
}
