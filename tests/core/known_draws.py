# SPDX-License-Identifier: Apache-2.0
"""Prints the known answers of random_test.cpp, from the definitions and in 60-digit arithmetic.

Philox4x32-10 as in section 3.3 of Salmon et al. (SC 2011); a place fills the counter as
(site, chain, step low, step high << 16 | lane); the two 64-bit halves of a block, low word first,
give u = (half >> 11) / 2^53 and, by Box and Muller, sqrt(-2 ln(u1 + 2^-53)) (cos, sin)(2 pi u2).
"""

from decimal import Decimal, getcontext

getcontext().prec = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
MASK = 0xFFFFFFFF
UNIT = Decimal(2) ** -53


def philox(counter: list[int], key: list[int]) -> list[int]:
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * counter[0], 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * counter[2], 1 << 32)
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


def cosine(x: Decimal) -> Decimal:
    total, term, n = Decimal(0), Decimal(1), 0
    while abs(term) > Decimal(10) ** -55:
        total, n = total + term, n + 2
        term *= -x * x / (n * (n - 1))
    return total


def draws(seed: int, chain: int, step: int, site: int, lane: int) -> tuple[Decimal, Decimal, Decimal]:
    counter = [site, chain, step & MASK, (step >> 32) << 16 | lane]
    b = philox(counter, [seed & MASK, seed >> 32])
    first, second = b[1] << 32 | b[0], b[3] << 32 | b[2]
    radius = (-2 * ((first >> 11) * UNIT + UNIT).ln()).sqrt()
    angle = 2 * PI * (second >> 11) * UNIT
    return (first >> 11) * UNIT, radius * cosine(angle), radius * cosine(angle - PI / 2)


for place in [
    (0, 0, 0, 0, 0),
    (42, 0, 0, 1, 0),
    (42, 3, 1000, 17, 2),
    (0xFEDCBA9876543210, 7, (1 << 48) - 1, MASK, 0xFFFF),
    (2026, MASK, 1 << 32, 0, 1),
]:
    uniform, x, y = draws(*place)
    seed, chain, step, site, lane = place
    print(f"    {{{seed:#x}, {{{chain:#x}, {step:#x}, {site:#x}, {lane:#x}}}, {uniform:.20f}, {x:.20f}, {y:.20f}}},")
