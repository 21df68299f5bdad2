#!/bin/sh
# unpack: makes the folder $2 within the folder $1 what the archive on stdin holds, $3 files
#
# Names the files that were there before, each ended by NUL. The old folder is in use until the new
# one is whole: what is lost on the way leaves a short archive, which tar need not notice.
set -eu
umask 022

cd -- "$1" || exit 66
new=.$2.new old=.$2.old
trap 'rm -rf -- "$new"' EXIT
rm -rf -- "$new" "$old"
mkdir -- "$new"
tar -x --no-same-owner --no-same-permissions -C "$new" -f -
count=$(find "$new" -type f -printf . | wc -c)
if [ "$count" -ne "$3" ]; then
  echo "only $count of $3 files arrived" >&2
  exit 1
fi
if [ -e "$2" ] || [ -L "$2" ]; then
  find "./$2" ! -type d -printf '%P\0'
  mv -T -- "$2" "$old"
fi
mv -T -- "$new" "$2"
rm -rf -- "$old"
