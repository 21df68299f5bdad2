# shellcheck shell=bash
# passwords/wanted: who was issued which initial password, as the parameters say.

# crypt(5)'s slow methods, in full length: one that was cut short would let nobody in.
# shellcheck disable=SC2016 # crypt(5)'s own dollars
readonly HASH_SHAPE='^\$g?y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}$|^\$6\$(rounds=[0-9]+\$)?[^$:!*[:cntrl:]]{1,16}\$[./A-Za-z0-9]{86}$'

# What can be typed at any terminal.
readonly CLEAR_SHAPE='^[!-~]{1,128}$'

# The accounts control puts people there; the deployer, who shall have no password, is not in it.
readonly PEOPLE_GROUP=stronghold-admins

declare -gA kind_of=() secret_of=()
people=()

# load_wanted: refuses what would leave a person without sudo, before anything is changed. No value is
# shown. The quality of one in clear is not looked at: the stack drew it at random, its owner need not
# keep it, and a rule that a random one misses by chance must not stop an `up`.
# shellcheck disable=SC2034 # used by checks.sh
load_wanted() {
  local text name kind secret
  people=() kind_of=() secret_of=()
  text=$(decoded PEOPLE_B64)
  while IFS=$'\t' read -r name kind secret; do
    [[ -n $name$kind$secret ]] || continue
    [[ $name =~ $SHAPE_ACCOUNT && $name != root ]] ||
      refuse PASSWORDS-05 "a person's name is not a lower-case account name"
    [[ ! -v kind_of[$name] ]] || refuse PASSWORDS-05 "$name is listed twice"
    case $kind in
      clear) [[ $secret =~ $CLEAR_SHAPE ]] || refuse PASSWORDS-05 "the initial password of $name is not 1 to 128 printable ASCII characters without blanks" ;;
      hash) [[ $secret =~ $HASH_SHAPE ]] || refuse PASSWORDS-05 "the hash of $name is not one of yescrypt, gost-yescrypt or SHA-512" ;;
      *) refuse PASSWORDS-05 "the initial password of $name is neither clear nor hash" ;;
    esac
    [[ " $(id -nG -- "$name" 2>/dev/null) " == *" $PEOPLE_GROUP "* ]] ||
      refuse PASSWORDS-05 "$name is not an account of a person: apply the control accounts first"
    people+=("$name")
    kind_of[$name]=$kind secret_of[$name]=$secret
  done <<<"$text"
  ((${#people[@]} > 0)) || refuse PASSWORDS-05 "nobody is listed, and no person could use sudo"
}
