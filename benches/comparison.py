"""The application beside its peers, on one database."""

import client
import measure
from measure import Cell
from peers import PEERS
from server import Vestibule

# What is measured at few and at many connections too; with --full, all but sign-ins.
SOME = {
    "sqlite": ["list", "page", "constant"],
    "postgresql": ["list"],
}
# How many sign in at once: two for each core.
SIGN_INS = 4
# What does not depend on the database is measured on one.
ONCE = ["page-gzip", "landing", "landing-gzip", "health", "constant"]


def installed(say):
    """The peers that are there, and why the others are not."""
    there, missing = [], {}
    for peer in PEERS:
        try:
            peer.install()
            there.append(peer)
        except (RuntimeError, OSError) as error:
            missing[peer.name] = str(error).strip().splitlines()[-1][:200]
            say(f"{peer.name} is left out, it cannot be installed: {str(error).strip()[-600:]}")
    return there, missing


def begun(binary, kind, peers, folder, missing, say):
    """The servers, each with its rows. What fails to start is left out."""
    ours = Vestibule(binary, kind, "vestibule", folder)
    kind.create(ours.database)
    servers = [ours]
    try:
        ours.start()
        ours.prepare()
        ours.stop()
        for peer in peers:
            server = peer(kind, folder)
            servers.append(server)
            try:
                server.prepare(ours)
                server.start()
            except (RuntimeError, OSError) as error:
                server.stop()
                servers.remove(server)
                missing[f"{server.name} on {kind.name}"] = str(error).strip().splitlines()[-1][:200]
                say(f"{server.name} is left out on {kind.name}: {error}")
        ours.start()
        for server in servers[1:]:
            compare(ours, server, say)
    except BaseException:
        for server in servers:
            server.stop()
        raise
    return servers


def compare(ours, server, say):
    """Says where a peer's list differs from ours in anything but ids and times."""
    own, theirs = (lists(one) for one in (ours, server))
    expected = next(iter(own.values()))
    for subject, found in {**own, **theirs}.items():
        if found != expected:
            say(f"{subject}: the list differs: {str(found)[:200]}")


def lists(server):
    """The list as each subject gives it: its fields and notes."""
    found = {}
    for (subject, action), requests in server.requests.items():
        if action == "list":
            page = client.expect(server.port, requests[0]).json()
            notes = sorted((note["title"], note["body"]) for note in page["items"])
            fields = sorted({name for note in page["items"] for name in note})
            found[subject] = (sorted(page), fields, page["next_cursor"], notes)
    return found


def cells(servers, kind, options):
    for server in servers:
        for subject, action in server.requests:
            if kind.name != "sqlite" and action in ONCE:
                continue
            connections = SIGN_INS if action == "sign-in" else 16
            yield Cell(server, subject, action, kind.name, connections, options.seconds)
            if action in SOME[kind.name] or (options.full and action != "sign-in"):
                for connections in (1, 256):
                    yield Cell(server, subject, action, kind.name, connections, options.seconds)


def run(binary, kind, folder, options, results, say):
    say("starting the servers and creating their rows")
    servers = begun(binary, kind, options.peers, folder, results["left_out"], say)
    try:
        wanted = [cell for cell in cells(servers, kind, options) if options.wants(cell.key)]
        results["cells"] |= measure.rounds(wanted, options.rounds, say)
        for server in servers:
            results["memory"][f"{server.name}/{kind.name}"] = server.memory()
    finally:
        for server in servers:
            server.stop()
