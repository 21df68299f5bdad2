# shellcheck shell=bash
# accounts/wanted: who shall log in, with which keys, as the parameters say.

readonly KEY_LINE='^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}( [^[:cntrl:]]*)?$'
readonly RSA_BITS_MIN=3072

# authorized_keys by account; the people in the order of the settings.
declare -gA keys_of=()
# shellcheck disable=SC2034 # the receiver is receiver.sh's
people=() deployer='' receiver=''

# load_wanted: refuses what would lock the operator or a person out, before anything is changed.
load_wanted() {
  local name key text
  # shellcheck disable=SC2034
  keys_of=() people=() deployer=${PARAM[DEPLOYER]} receiver=''
  text=$(decoded DEPLOYER_KEYS_B64)
  while IFS= read -r key; do
    [[ -n $key ]] || continue
    usable_key "$key" || refuse ACCOUNTS-02 "a deployer key is not a public key that sshd would accept"
    keys_of[$deployer]+="restrict,port-forwarding,from=\"${PARAM[DEPLOYER_FROM]}\" $key"$'\n'
  done <<<"$text"
  [[ -n ${keys_of[$deployer]-} ]] || refuse ACCOUNTS-02 "the deployer has no key and would be locked out"
  text=$(decoded ADMINS_B64)
  while IFS=$'\t' read -r name key; do
    [[ -n $name ]] || continue
    [[ $name =~ $SHAPE_ACCOUNT && $name != "$deployer" && $name != root ]] ||
      refuse ACCOUNTS-01 "an admin's name is not a lower-case account name of a person"
    usable_key "$key" || refuse ACCOUNTS-01 "admin $name has no key that sshd would accept"
    [[ -n ${keys_of[$name]-} ]] || people+=("$name")
    keys_of[$name]+="$key"$'\n'
  done <<<"$text"
  ((${#people[@]} > 0)) || refuse ACCOUNTS-01 "there is no admin: nobody could log in"
  want_receiver
}

usable_key() {
  local bits
  [[ $1 =~ $KEY_LINE ]] && bits=$(ssh-keygen -l -f - <<<"$1" 2>/dev/null) || return 1
  [[ $1 != ssh-rsa* ]] || ((${bits%% *} >= RSA_BITS_MIN))
}
