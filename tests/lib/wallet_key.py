"""An Ethereum key for the tests in plain Python: an oracle that shares no code with what it tests. Slow, and leaks its
key to whoever measures time."""

import secrets

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
MASK = 2**64 - 1
OFFSETS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]


def _rotate(value, count):
    return (value << count | value >> (64 - count)) & MASK if count else value


def _permute(lanes):
    register = 1
    for _ in range(24):
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        change = [parity[(x + 4) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        turned = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                turned[y][(2 * x + 3 * y) % 5] = _rotate(lanes[x][y] ^ change[x], OFFSETS[x][y])
        lanes = [[turned[x][y] ^ (~turned[(x + 1) % 5][y] & turned[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        for j in range(7):
            lanes[0][0] ^= (register & 1) << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register >> 7 else 0)
    return lanes


def keccak256(data):
    padded = bytearray(data) + bytes(136 - len(data) % 136)
    padded[len(data)] ^= 1
    padded[-1] ^= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), 136):
        for i in range(17):
            lanes[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i:start + 8 * i + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lanes[i][0].to_bytes(8, "little") for i in range(4))


def _add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _times(scalar, point):
    total = None
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


class WalletKey:
    def __init__(self, secret=None):
        self.secret = secret or secrets.randbelow(N - 1) + 1
        x, y = _times(self.secret, G)
        plain = keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:].hex()
        digits = keccak256(plain.encode()).hex()
        self.address = "0x" + "".join(c.upper() if int(d, 16) >= 8 else c for c, d in zip(plain, digits))

    def sign(self, message, high=False):
        """personal_sign; with high the other of the two forms of s."""
        data = message.encode()
        digest = int.from_bytes(keccak256(b"\x19Ethereum Signed Message:\n%d" % len(data) + data), "big")
        nonce = secrets.randbelow(N - 1) + 1
        x, y = _times(nonce, G)
        r, odd = x % N, y & 1
        s = pow(nonce, -1, N) * (digest + r * self.secret) % N
        if (s > N // 2) != high:
            s, odd = N - s, odd ^ 1
        return "0x" + (r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + odd])).hex()
