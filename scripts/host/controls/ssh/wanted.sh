# shellcheck shell=bash disable=SC2034 # read by the checks
# ssh/wanted: what `sshd -T` shall say, by the check that asks for it.

readonly TWO_FACTORS=("authenticationmethods publickey,keyboard-interactive:pam" "kbdinteractiveauthentication yes")
readonly KEY_ALONE=("authenticationmethods publickey" "kbdinteractiveauthentication no")
readonly NO_OTHER_WAY=(
  "pubkeyauthentication yes" "passwordauthentication no" "permitemptypasswords no"
  "hostbasedauthentication no" "kerberosauthentication no" "gssapiauthentication no" "usepam yes"
)
readonly ALGORITHMS=(
  "kexalgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com"
  "ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
  "macs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com"
  "pubkeyacceptedalgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
  "hostkeyalgorithms ssh-ed25519" "requiredrsasize 3072" "gssapikeyexchange no"
)
readonly LIMITS=(
  "port 22" "maxauthtries 3" "logingracetime 120" "maxstartups 20:30:100" "maxsessions 10"
  "clientaliveinterval 60" "clientalivecountmax 5" "permituserenvironment no" "usedns no" "strictmodes yes"
  "compression no" "loglevel VERBOSE"
)
readonly KEY_SOURCES=(
  "authorizedkeysfile .ssh/authorized_keys" "authorizedkeyscommand none" "trustedusercakeys none"
)
