"""Runs known attacks against a server that it starts for each: python3 tests/attack [--short] BINARY [NAME…]

Prints a line for each attack: whether it was held off, what it cost, and how many requests of another client were
served meanwhile. Traffic stays on this machine, and every attack is bounded in requests and time. Exits with 1 if one
succeeds.
"""

import sys
import time
from pathlib import Path

import denial
import owners
import takeover

ATTACKS = takeover.ATTACKS + denial.ATTACKS + owners.ATTACKS


def main(arguments):
    is_short = "--short" in arguments
    binary, *wanted = [argument for argument in arguments if argument != "--short"]
    run = succeeded = 0

    def scale(short, long):
        return short if is_short else long

    for attack in ATTACKS:
        if wanted and attack.__name__ not in wanted:
            continue
        begun = time.monotonic()
        hit, cost, *others = attack(Path(binary).resolve(), scale)
        run, succeeded = run + 1, succeeded + hit
        served = "".join(f"; others served {o.served} of {o.asked}, {o.slowest:.1f} s at most" for o in others)
        verdict = "SUCCEEDED" if hit else "held off"
        took = time.monotonic() - begun
        print(f"{attack.__name__:26} {verdict:9} in {took:5.1f} s: {cost}{served}", flush=True)
    print(f"attack: {run - succeeded} passed, {succeeded} failed")
    return 1 if succeeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
