"""What MySQL's caching_sha2_password keeps of a password, so that the server is only ever given that.

make       the password on stdin, its salted hash on stdout, in hexadecimal
matches    the password and such a hash on stdin, a line each; exit code 0 if they fit, else 1

The hash is $A$, the rounds in thousands as three hexadecimal digits, $, a salt of 20 bytes and the
SHA-256 crypt of Ulrich Drepper, which no tool of the system makes with a salt longer than 16 bytes.
"""

import hashlib
import hmac
import secrets
import string
import sys

ALPHABET = "./0123456789" + string.ascii_uppercase + string.ascii_lowercase
SALT_BYTES = 20
THOUSANDS_OF_ROUNDS = 5


def sha256(data):
    return hashlib.sha256(data).digest()


def repeated(digest, length):
    return (digest * (length // len(digest) + 1))[:length]


def crypt(password, salt, rounds):
    b = sha256(password + salt + password)
    start = password + salt + repeated(b, len(password))
    length = len(password)
    while length > 0:
        start += b if length & 1 else password
        length >>= 1
    digest = sha256(start)
    p = repeated(sha256(password * len(password)), len(password))
    s = repeated(sha256(salt * (16 + digest[0])), len(salt))
    for n in range(rounds):
        data = p if n & 1 else digest
        if n % 3:
            data += s
        if n % 7:
            data += p
        data += digest if n & 1 else p
        digest = sha256(data)
    return encoded(digest)


def encoded(digest):
    text = ""
    for n in range(10):
        a, b, c = (21 * n) % 30, (21 * n + 10) % 30, (21 * n + 20) % 30
        text += base64_digits(digest[a] << 16 | digest[b] << 8 | digest[c], 4)
    return (text + base64_digits(digest[31] << 8 | digest[30], 3)).encode()


def base64_digits(value, count):
    return "".join(ALPHABET[value >> 6 * n & 63] for n in range(count))


def make(password):
    letters = string.ascii_letters + string.digits
    salt = "".join(secrets.choice(letters) for _ in range(SALT_BYTES)).encode()
    return b"$A$%03X$" % THOUSANDS_OF_ROUNDS + salt + crypt(password, salt, THOUSANDS_OF_ROUNDS * 1000)


def matches(password, stored):
    if len(stored) != 7 + SALT_BYTES + 43 or stored[:3] != b"$A$" or stored[6:7] != b"$":
        return False
    rounds = int(stored[3:6], 16) * 1000
    salt = stored[7 : 7 + SALT_BYTES]
    return hmac.compare_digest(crypt(password, salt, rounds), stored[7 + SALT_BYTES :])


def main(words):
    lines = sys.stdin.buffer.read().split(b"\n")
    if words == ["make"]:
        print(make(lines[0]).hex())
    elif words == ["matches"]:
        sys.exit(0 if matches(lines[0], bytes.fromhex(lines[1].decode())) else 1)
    else:
        sys.exit(64)


main(sys.argv[1:])
