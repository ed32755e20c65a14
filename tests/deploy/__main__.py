"""Tries the files of deploy/ and the commands of docs/deploy.md and the README: python3 tests/deploy [--quick] BINARY [NAME…]

Programs that are not here are named, and what needs them is left out. Exits with 1 if anything is wrong.
"""

import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import image
import manifests
import pages
import proxies
import unit
import walk

QUICK = [walk.check, walk.readme, walk.credentials, *proxies.CHECKS, manifests.check, unit.check]
ALL = [*QUICK, pages.check, image.check]


def main(arguments):
    is_quick = "--quick" in arguments
    binary, *wanted = [argument for argument in arguments if argument != "--quick"]

    def tried(check):
        """Whether all is well, and a line about it."""
        begun = time.monotonic()
        try:
            well, result = True, check(Path(binary).resolve())
        except Exception:
            well, result = False, f"FAILED\n{traceback.format_exc()}"
        print(f"{name(check):10} {time.monotonic() - begun:4.1f} s: {result}", flush=True)
        return well

    checks = [check for check in (QUICK if is_quick else ALL) if not wanted or name(check) in wanted]
    # They wait for programs to start and to end.
    with ThreadPoolExecutor(3) as pool:
        failed = list(pool.map(tried, checks)).count(False)
    print("deploy: all is well" if not failed else f"deploy: {failed} failed")
    return 1 if failed else 0


def name(check):
    return check.__doc__.split(":")[0]


sys.exit(main(sys.argv[1:]))
