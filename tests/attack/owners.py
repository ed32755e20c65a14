"""Attacks that would keep owners out of their accounts, and maintenance from being done."""

import time

from server import FORM, PROXIED, Server, at_once


def no_reset_link(binary, scale):
    """Sign-ups with the owner's address, which mail nothing: does the owner still get a link?"""
    with Server(binary, **PROXIED) as server:
        server.sign_up("owner")
        for number in range(8):
            server.sign_up("owner", source=f"203.0.113.{number}")
        before = len(server.mails("owner@example.org"))
        asked = server.call("POST", "/forgot", {"email": "owner@example.org"}, FORM, source="198.51.100.7")
        time.sleep(1)
        mailed = len(server.mails("owner@example.org")) - before
        return mailed == 0, f"POST /forgot {asked.status}, {mailed} mails"


def starved_owner(binary, scale):
    """Guesses from many networks, and the owner on a network that was never seen, in a browser that was."""
    with Server(binary, **PROXIED) as server:
        jar = {}
        server.sign_up("owner", source="198.51.100.1")
        server.sign_in("owner", jar=jar, source="198.51.100.1")
        device = {name: value for name, value in jar.items() if "session" not in name}
        at_once([
            lambda n=n: server.sign_in("owner", "a wrong password", source=f"203.0.{n}.1") for n in range(60)
        ], 2)
        tries = [server.sign_in("owner", jar=dict(device), source=f"192.0.2.{n}").status for n in range(5)]
        return any(status != 303 for status in tries), f"the owner's sign-ins: {tries}"


def dead_sweeper(binary, scale):
    """Settings whose dates cannot be represented end the one task that sweeps."""
    refused = 0
    names = ("ACTIVITY__KEEP_DAYS", "TOKENS__MAX_DAYS", "SESSIONS__REMEMBER_DAYS")
    for name in names:
        try:
            with Server(binary, **{f"VESTIBULE_{name}": "9999999"}):
                pass
        except RuntimeError:
            refused += 1
    return refused < len(names), f"{refused} of {len(names)} refused at start"


ATTACKS = [
    no_reset_link,
    starved_owner,
    dead_sweeper,
]
