"""binlog: when a binary log begins and ends, from the heads of its events alone.

    binlog.py <file> [head]    first<TAB>last, in UTC; with `head` the first alone

The last event of a log that was closed in good order is written when it is closed, so its time is the
second up to which the log tells everything. An event that a crash has cut off does not count.
"""

import struct
import sys
from datetime import UTC, datetime

MAGIC = b"\xfebin"
# Time, type, server, length, end, flags: the same in every version of MySQL and MariaDB.
HEAD = struct.Struct("<IBIIIH")


def times(path: str, only_first: bool) -> list[int]:
    first = last = 0
    with open(path, "rb") as log:
        log.seek(0, 2)
        end = log.tell()
        log.seek(0)
        if log.read(4) != MAGIC:
            raise SystemExit(f"{path} is no binary log")
        place = 4
        while place + HEAD.size <= end:
            log.seek(place)
            time, _kind, _server, length, _next, _flags = HEAD.unpack(log.read(HEAD.size))
            if length < HEAD.size or place + length > end:
                break
            # Events that the server makes up itself have no time.
            first = first or time
            last = time or last
            if only_first:
                break
            place += length
    return [first] if only_first else [first, last]


def written(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    print("\t".join(map(written, times(sys.argv[1], "head" in sys.argv[2:]))))
