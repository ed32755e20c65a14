"""Breaks what the server depends on, for real, and checks what was promised: python3 tests/faults BINARY [NAME…]

`--list` lists the scenarios, `--short` runs the few that take seconds. Prints a line for each scenario, then a table.
Exits with 1 if a promise did not hold. docs/operate.md says which scenario holds which promise.
"""

import sys
import time
from pathlib import Path

import clients
import clock
import database
import disk
import failover
import instances
import kills
import stopping
from harness import Failed, Skipped

SCENARIOS = (instances.SCENARIOS + failover.SCENARIOS + kills.SCENARIOS + disk.SCENARIOS + database.SCENARIOS
             + clients.SCENARIOS + clock.SCENARIOS + stopping.SCENARIOS)
# Those that no HTTP test can try in its process, in seconds each.
SHORT = [instances.start_at_once, kills.few_kills_on_sqlite]


def run(scenario, binary):
    """The verdict and what to say."""
    try:
        return "held", scenario(binary)
    except Skipped as reason:
        return "skipped", str(reason)
    except Failed as failure:
        return "FAILED", str(failure)
    except Exception as error:  # pylint: disable=broad-except
        return "FAILED", f"{type(error).__name__}: {error}"


def main(arguments):
    options = [argument for argument in arguments if argument.startswith("--")]
    names = [argument for argument in arguments if not argument.startswith("--")]
    known = {scenario.__name__: scenario for scenario in SCENARIOS + SHORT}
    if "--list" in options:
        for name, scenario in known.items():
            print(f"{name:30} {scenario.__doc__.splitlines()[0]}")
        return 0
    binary = Path(names.pop(0)).resolve()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no such scenario: {', '.join(unknown)}; --list lists them")
        return 2
    wanted = [known[name] for name in names] or (SHORT if "--short" in options else SCENARIOS)
    results = []
    for scenario in wanted:
        begun = time.monotonic()
        verdict, said = run(scenario, binary)
        took = time.monotonic() - begun
        results.append((scenario.__name__, verdict, took))
        print(f"{scenario.__name__:30} {verdict:7} in {took:5.1f} s: {said}", flush=True)
    if len(results) > 5:
        print(f"\n{'scenario':30} {'verdict':7} {'s':>6}")
        for name, verdict, took in results:
            print(f"{name:30} {verdict:7} {took:6.1f}")
    count = {word: sum(verdict == word for _, verdict, _ in results) for word in ("held", "skipped", "FAILED")}
    total = sum(took for *_, took in results)
    print(f"faults: {count['held']} held, {count['FAILED']} failed, {count['skipped']} skipped in {total:.0f} s")
    return 1 if count["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
