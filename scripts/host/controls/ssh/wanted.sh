# shellcheck shell=bash disable=SC2034 # read by the checks
# ssh/wanted: what `sshd -T` shall say, by the check that asks for it.

# The best first. No recording of today shall be decrypted once there are quantum computers.
readonly EXCHANGES=(mlkem768x25519-sha256 sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com)

# exchanges_known: those of them that this server's OpenSSH has, which refuses to start if told of another.
exchanges_known() {
  local name all=''
  all=$'\n'$(ssh -Q kex)$'\n'
  for name in "${EXCHANGES[@]}"; do
    if [[ $all == *$'\n'"$name"$'\n'* ]]; then printf '%s\n' "$name"; fi
  done | paste -sd ,
}

# exchanges_served: Ubuntu 24.04 has OpenSSH 9.6, which came before ML-KEM, and the one left is not in the
# library (Go's x/crypto) that the engine logs in with. So there, and only there, the classical one follows
# for those who know no better.
exchanges_served() {
  local known
  known=$(exchanges_known)
  [[ $known == "${EXCHANGES[0]}",* ]] || known+=,curve25519-sha256
  printf '%s' "$known"
}

# knows KEYWORD VALUE: whether sshd takes that line. Of no file, since those may be what has to be mended.
# The folder is the one that sshd gives its privileges up in; where a socket starts it, nobody may have made it yet.
knows() { install -d -m 755 /run/sshd && sshd -t -f /dev/null -h "$HOST_KEY" -o "$1=$2" &>/dev/null; }

# pam_service_text: since OpenSSH 9.8 a Match block could name a service of PAM that asks for no second factor.
pam_service_text() {
  if knows PAMServiceName sshd; then printf '\n%s' 'PAMServiceName sshd'; fi
}

readonly TWO_FACTORS=("authenticationmethods publickey,keyboard-interactive:pam" "kbdinteractiveauthentication yes")
readonly KEY_ALONE=("authenticationmethods publickey" "kbdinteractiveauthentication no")
NO_OTHER_WAY=(
  "pubkeyauthentication yes" "passwordauthentication no" "permitemptypasswords no"
  "hostbasedauthentication no" "kerberosauthentication no" "gssapiauthentication no" "usepam yes"
)
if knows PAMServiceName sshd; then NO_OTHER_WAY+=("pamservicename sshd"); fi
readonly NO_OTHER_WAY
readonly ALGORITHMS=(
  "kexalgorithms $(exchanges_served)"
  "ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
  "macs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com"
  "pubkeyacceptedalgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
  "hostkeyalgorithms ssh-ed25519" "requiredrsasize 3072" "gssapikeyexchange no"
)
readonly LIMITS=(
  "port 22" "maxauthtries 3" "logingracetime 120" "maxstartups 20:30:100" "maxsessions 10"
  "clientaliveinterval 60" "clientalivecountmax 5" "permituserenvironment no" "usedns no" "strictmodes yes"
  "compression no" "loglevel VERBOSE" "tcpkeepalive no"
)
readonly KEY_SOURCES=(
  "authorizedkeysfile .ssh/authorized_keys" "authorizedkeyscommand none" "trustedusercakeys none"
)
