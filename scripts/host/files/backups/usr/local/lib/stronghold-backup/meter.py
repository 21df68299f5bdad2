"""meter: passes stdin on to stdout and tells how much it was, for manifests.

    meter.py <result> sql                  bytes, sha256, whether it is whole, and the place in the log (or -)
    meter.py <result> archive <reserve>    bytes, sha256; stops when the disk has less than that many bytes left

The result is one line. Exit: 0 all was passed on, 28 the disk is full, 1 any other fault.
"""

import errno
import fcntl
import hashlib
import os
import re
import sys

BLOCK = 1 << 20
HEAD = 1 << 14
LAST_LINE = b"-- Dump completed"
# As mariadb-dump writes it, in a comment.
PLACE = re.compile(rb"^-- CHANGE MASTER TO MASTER_LOG_FILE='([A-Za-z0-9_.-]+)', MASTER_LOG_POS=(\d+);", re.M)
DISK_FULL = 28


def disk_is_full(reserve: int) -> bool:
    disk = os.fstatvfs(1)
    return disk.f_bavail * disk.f_frsize < reserve


def widen(fd: int) -> None:
    """A pipe holds 64 KiB by default, which makes both its ends wait for each other."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, BLOCK)
    except OSError:
        pass  # a file, or more than this system allows


def main(result: str, kind: str, reserve: int) -> int:
    digest, count, head, tail = hashlib.sha256(), 0, b"", b""
    widen(0)
    widen(1)
    while block := os.read(0, BLOCK):
        if reserve and disk_is_full(reserve):
            return DISK_FULL
        digest.update(block)
        count += len(block)
        if len(head) < HEAD:
            head += block[:HEAD]
        tail = (tail + block[-256:])[-256:]
        view = memoryview(block)
        while view:
            view = view[os.write(1, view) :]
    words = [str(count), digest.hexdigest()]
    if kind == "sql":
        last = tail.rstrip(b"\n").rpartition(b"\n")[2]
        place = PLACE.search(head)
        words.append("whole" if last.startswith(LAST_LINE) else "cut")
        words.append(b"\t".join(place.groups()).decode() if place else "-")
    with open(result, "w", encoding="ascii") as file:
        file.write("\t".join(words) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0))
    except OSError as error:
        sys.exit(DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else 1)
