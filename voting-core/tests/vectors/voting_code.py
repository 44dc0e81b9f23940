"""Makes voting_code.json without any code of this project: `pip install argon2-cffi rbcl`, then
`python3 voting_code.py > voting_code.json`. Argon2id comes from the reference implementation, the group from libsodium;
HKDF (RFC 5869) and the check symbols are computed here in another way than in the crate."""
import hashlib, hmac, json
import rbcl
from argon2.low_level import Type, hash_secret_raw

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ORDER = 2**252 + 27742317777372353535851937790883648493


def power(n):  # a^n in GF(32) modulo x^5 + x^2 + 1, a = x
    value = 1
    for _ in range(n % 31):
        value = value << 1 ^ (0b100101 if value & 16 else 0)
    return value


LOG = {power(n): n for n in range(31)}


def times(a, b):
    return power(LOG[a] + LOG[b]) if a and b else 0


def evaluate(symbols, at):  # as a polynomial, highest coefficient first
    value = 0
    for symbol in symbols:
        value = times(value, at) ^ symbol
    return value


def checks(symbols):  # the three symbols that make 1, a and a^2 roots, by search
    for i in range(32**3):
        word = symbols + [i >> 10, i >> 5 & 31, i & 31]
        if not any(evaluate(word, power(root)) for root in range(3)):
            return word
    raise AssertionError


def groups(text):
    return "-".join(text[i : i + 5] for i in range(0, len(text), 5))


def framed(*parts):
    return hashlib.sha256(b"".join(len(p).to_bytes(8, "little") + p for p in parts)).digest()


def hkdf_sha512(secret, info):  # 64 bytes: one block
    key = hmac.digest(bytes(64), secret, "sha512")
    return hmac.digest(key, info + b"\x01", "sha512")


def vector(entropy, event):
    value = int.from_bytes(entropy, "big") >> 3
    word = checks([value >> 5 * (16 - i) & 31 for i in range(17)])
    code = "".join(ALPHABET[symbol] for symbol in word)
    salt = framed(b"urna/v1/code", event)
    secret = hash_secret_raw(code.encode(), salt, 1, 8192, 1, 32, Type.ID, 0x13)
    keys = []
    for index in range(2):
        wide = hkdf_sha512(secret, b"urna/v1/signing key" + index.to_bytes(4, "little"))
        scalar = int.from_bytes(wide, "little") % ORDER
        keys.append(rbcl.crypto_scalarmult_ristretto255_base(scalar.to_bytes(32, "little")).hex())
    digits = groups(f"{value:026}{value % 9973:04}")
    return {"entropy": entropy.hex(), "text": groups(code), "digits": digits, "event": event.hex(), "keys": keys}


ENTROPIES = [bytes(11), b"\xff" * 11, b"\x5a" * 11, bytes(range(11)), bytes(range(200, 211))]
EVENTS = [b"\x07" * 32, bytes(range(32))]
print(json.dumps([vector(entropy, event) for entropy in ENTROPIES for event in EVENTS], indent=1))
