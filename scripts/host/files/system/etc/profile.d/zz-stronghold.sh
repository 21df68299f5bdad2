# shellcheck shell=sh
# Read by every login shell.

# New files are for their owner, and to be read by the group; login.defs says the same to PAM.
umask 027
ulimit -c 0

# A prompt that nobody has touched for so long is closed. Not exported: `read` in scripts obeys it, too.
case $- in
  *i*)
    [ "${TMOUT-}" = @IDLE_SECONDS@ ] || TMOUT=@IDLE_SECONDS@
    readonly TMOUT
    ;;
esac
