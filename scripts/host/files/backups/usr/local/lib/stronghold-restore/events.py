"""events: of a binary log, what is about one schema and was committed before a second.

    events.py <schema> <position> <second>    the log comes on stdin, and a shorter one goes to stdout

The log readers' own --database goes by the default database of the session: it drops `ALTER TABLE app.t`
of a session that has none or another one, and a restore would lose it without a word. So here statements
are taken by what they name. Rows are left to --database, which goes by their tables.

The readers' --stop-datetime goes by the time at which a statement began, which a session can set. So
here whole transactions are taken, on MySQL by the time at which they were committed.

stderr: `stopped` once a transaction is of that second or later, and `later <n>` if the log's times go back
after that. The log's sum is another one's to compare, so all of stdin is read.
"""

import re
import struct
import sys
import zlib
from typing import BinaryIO

MAGIC = b"\xfebin"
# Time, type, server, length, end, flags: the same in every version of MySQL and MariaDB.
HEAD = struct.Struct("<IBIIIH")
QUERY, FORMAT, GTID, ANONYMOUS, TAGGED, MARIADB_GTID = 2, 15, 33, 34, 42, 162
GROUPS = (GTID, ANONYMOUS, TAGGED, MARIADB_GTID)
# Thread, seconds, length of the database's name, error, length of the variables.
QUERY_HEAD = struct.Struct("<IIBHH")
# Behind the head: where a group of MySQL's has the microsecond of its commit.
COMMIT_AT, COMMIT_BYTES, COMMIT_MASK = HEAD.size + 42, 7, (1 << 55) - 1
PIECE = 1 << 20

COMMENTS = rb"(?:\s|/\*.*?\*/|--\s[^\n]*\n|#[^\n]*\n)*"
# They hold transactions together, whoever's.
FRAME = re.compile(rb"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|XA|START\s+TRANSACTION)\b", re.I)
# Accounts and rights are the server's, not the schema's; the account that they are about is not there.
RIGHTS = re.compile(
    COMMENTS
    + rb"(GRANT|REVOKE|(CREATE|ALTER|DROP|RENAME)\s+(OR\s+REPLACE\s+)?(USER|ROLE)|SET\s+(PASSWORD|DEFAULT\s+ROLE|ROLE))\b",
    re.I | re.S,
)


class Filter:
    def __init__(self, schema: str, until: int) -> None:
        self.schema = schema.encode()
        self.named = re.compile(
            rb"(?<![\w$])[`\"]?" + re.escape(self.schema) + rb"[`\"]?" + COMMENTS + rb"\.", re.I | re.S
        )
        self.until = until
        self.checksum = 0
        self.stopped = False
        self.later = 0

    @staticmethod
    def is_format(event: bytes) -> bool:
        """Whether it says how to read all others."""
        return HEAD.unpack_from(event)[1] == FORMAT

    def events(self, event: bytes) -> list[bytes]:
        """What is written in place of an event."""
        time, kind = HEAD.unpack_from(event)[:2]
        if kind == FORMAT:
            # Every version ends it with the kind of checksum, and that checksum.
            self.checksum = 4 if event[-5] == 1 else 0
            return [event]
        if kind in GROUPS:
            self.begin(commit_time(kind, event) or time * 1_000_000)
        if self.stopped:
            return []
        return self.statement(event) if kind == QUERY else [event]

    def begin(self, time: int) -> None:
        if time >= self.until:
            self.stopped = True
        elif self.stopped:
            self.later += 1

    def statement(self, event: bytes) -> list[bytes]:
        _, _, name_bytes, _, variables = QUERY_HEAD.unpack_from(event, HEAD.size)
        place = HEAD.size + QUERY_HEAD.size + variables
        database = event[place : place + name_bytes]
        text = event[place + name_bytes + 1 : len(event) - self.checksum]
        if FRAME.match(text):
            return [event]
        if RIGHTS.match(text):
            return []
        if database == self.schema:
            return [event]
        # Without the schema as its default, whatever is of it has its name in front.
        if not self.named.search(text):
            return []
        head = event[:place]
        if database == b"":
            return [self.query(head, text)]
        other = b"`" + database.replace(b"`", b"``") + b"`"
        words = (b"CREATE DATABASE IF NOT EXISTS " + other, b"USE " + other, text, b"USE `" + self.schema + b"`")
        return [self.query(head, word) for word in words]

    def query(self, head: bytes, text: bytes) -> bytes:
        """A statement with the schema as its default database, for the rest as the event that it is made from."""
        thread, seconds, _, error, variables = QUERY_HEAD.unpack_from(head, HEAD.size)
        body = QUERY_HEAD.pack(thread, seconds, len(self.schema), error, variables)
        body += head[HEAD.size + QUERY_HEAD.size :] + self.schema + b"\0" + text
        time, kind, server, _, end, flags = HEAD.unpack_from(head)
        event = HEAD.pack(time, kind, server, HEAD.size + len(body) + self.checksum, end, flags) + body
        return event + struct.pack("<I", zlib.crc32(event)) if self.checksum else event


def commit_time(kind: int, event: bytes) -> int:
    if kind not in (GTID, ANONYMOUS) or len(event) < COMMIT_AT + COMMIT_BYTES:
        return 0
    return int.from_bytes(event[COMMIT_AT : COMMIT_AT + COMMIT_BYTES], "little") & COMMIT_MASK


def run(log: BinaryIO, out: BinaryIO, position: int, only: Filter) -> None:
    if log.read(len(MAGIC)) != MAGIC:
        raise SystemExit("it is no binary log")
    out.write(MAGIC)
    place = len(MAGIC)
    while len(head := log.read(HEAD.size)) == HEAD.size:
        length = HEAD.unpack(head)[3]
        event = head + log.read(max(length - HEAD.size, 0))
        # What a crash has cut off was never committed.
        if len(event) != length:
            break
        if place < position < place + length and not only.is_format(event):
            raise SystemExit(f"no event begins at {position}")
        if place >= position or only.is_format(event):
            out.write(b"".join(only.events(event)))
        place += length


if __name__ == "__main__":
    schema, position, second = sys.argv[1:]
    only = Filter(schema, int(second) * 1_000_000)
    try:
        run(sys.stdin.buffer, sys.stdout.buffer, int(position), only)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever reads has reason to stop, and says it.
        raise SystemExit(1) from None
    finally:
        while sys.stdin.buffer.read(PIECE):
            pass
    if only.stopped:
        print("stopped", file=sys.stderr)
    if only.later:
        print(f"later {only.later}", file=sys.stderr)
