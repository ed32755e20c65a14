"""Tables in Markdown and for the terminal."""

from statistics import median

LABELS = {
    "axum": "axum, constant answer",
    "axum-sqlx": "axum + sqlx, no authentication",
    "vestibule": "Vestibule",
    "vestibule-token": "Vestibule, token",
    "vestibule-session": "Vestibule, session",
    "knox": "Django REST Framework, Knox token",
    "django-session": "Django REST Framework, session",
    "better-auth-token": "better-auth + Hono, bearer token",
    "better-auth-session": "better-auth + Hono, session",
}
ACTIONS = {
    "me": "`GET me`",
    "list": "`GET notes`",
    "show": "`GET notes/{id}`",
    "create": "`POST notes`",
    "sign-in": "sign-in",
}
RATIOS = ["me", "list", "show", "create"]
PAGES = {
    "health": "`/healthz`",
    "landing": "landing page",
    "landing-gzip": "landing page, gzip",
    "page": "notes page, signed in",
    "page-gzip": "notes page, signed in, gzip",
    "constant": "axum, constant answer",
}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
FACTS = {
    "ready_ms": "ready after the start, on an existing database, ms",
    "idle_mb": "memory, idle, MB",
    "p99_beside_sign_ins": "p99 of other requests beside 16 sign-ins, without = 1",
    "search-one_ms": "search among 100,000 notes for a word that one has, ms",
    "search-none_ms": "search for a word that none has, ms",
    "search-many_ms": "search for a word that many have, ms",
}
SIZES = {"1e3": "1,000", "1e5": "100,000", "1e6": "1,000,000"}


def number(value):
    """Three digits, without an exponent; all digits of an integer."""
    if isinstance(value, int):
        return f"{value:,}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 if value >= 1 else 3}f}" if value < 10 else f"{value:.1f}"


def spread(values):
    """The middle, and the lowest and the highest if they differ."""
    middle, low, high = (number(part(values)) for part in (median, min, max))
    return middle if low == high else f"{middle} ({low}–{high})"


def of(samples, field):
    return [sample[field] for sample in samples]


def table(head, rows):
    if not rows:
        return "Not measured in this run."
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cells(results):
    """Everything, for the terminal."""
    head = f"{'':44}{'CPU ms':>9}{'lowest':>9}{'highest':>9}{'database':>9}{'req/s':>9}{'p50 ms':>8}{'p99 ms':>8}"
    lines = [head]
    for name, samples in results["cells"].items():
        cpu = of(samples, "cpu_ms")
        middle = [
            median(of(samples, field)) for field in ("database_cpu_ms", "requests_per_second", "p50_ms", "p99_ms")
        ]
        failed = sum(of(samples, "failed"))
        line = f"{name:44}{median(cpu):9.4f}{min(cpu):9.4f}{max(cpu):9.4f}{middle[0]:9.4f}{middle[1]:9.0f}"
        lines.append(f"{line}{middle[2]:8.2f}{middle[3]:8.2f}" + (f"  {failed} failed" if failed else ""))
    return "\n".join(lines)


def judgement(results):
    lines = []
    for row in results["targets"]:
        verdict = "met" if row["is_met"] else "NOT MET"
        value = f"{spread([row['lowest'], row['value'], row['highest']])} {row['unit']}"
        lines.append(f"{verdict:8} {row['target']}: {value.strip()}, {row['sense']} {number(row['limit'])}")
    return "\n".join(lines)


def of_the_readme(results):
    """The CPU time of two requests, without the spread."""
    columns = [(action, database) for action in ("me", "list") for database in DATABASES]
    head = " | ".join(f"{ACTIONS[action]}, {DATABASES[database]}" for action, database in columns)
    rows = [f"| CPU ms | {head} |", "|---|" + "---:|" * len(columns)]
    for subject in (subject for subject in LABELS if subject.split("-")[0] in ("vestibule", "better", "knox", "django")):
        samples = [results["cells"].get(f"{subject}/{action}/{database}/16") for action, database in columns]
        cells = [number(median(of(found, "cpu_ms"))) if found else "" for found in samples]
        if any(cells):
            rows.append(f"| {LABELS[subject]} | {' | '.join(cells)} |")
    return {"speed": "\n".join(rows)}


def of_the_page(results):
    """The tables of docs/performance.md, by the names of their markers."""
    found = {
        "machine": machine(results),
        **{f"cpu {kind}": cpu(results, kind) for kind in DATABASES},
        "ratios": ratios(results),
        "pages": pages(results),
        "load": load(results),
        "growth": growth(results),
        "memory": memory(results),
        "operating": operating(results),
        "targets": goals(results),
    }
    return found


def machine(results):
    about = results["machine"]
    said = f"{about['cores']} cores, {about['memory_gb']} GB of memory, {about['system']}; Node.js {about['node']}, "
    said += (
        f"Python {about['python']}, {about['rustc']}. {results['rounds']} rounds of {results['seconds']} s for each "
    )
    said += f"figure; the run took {results['took_seconds'] / 60:.0f} minutes."
    if about["load_before"] > 1:
        said += f" The machine had other work: its load was {about['load_before']} before the run."
    for name, reason in results["left_out"].items():
        said += f"\nLeft out: {name} ({reason})."
    return said


def cell(results, subject, action, database, connections):
    return results["cells"].get(f"{subject}/{action}/{database}/{connections}")


def cpu(results, kind):
    rows = []
    for subject, label in LABELS.items():
        found = [cell(results, subject, action, kind, 4 if action == "sign-in" else 16) for action in ACTIONS]
        if any(found):
            rows.append([label, *(spread(of(samples, "cpu_ms")) if samples else "" for samples in found)])
    return table([f"CPU ms, {DATABASES[kind]}", *ACTIONS.values()], rows)


def ratios(results):
    """How many times the CPU time of ours by the same kind of credential each peer takes, round by round."""
    rows = []
    for subject, ours in (
        ("knox", "vestibule-token"),
        ("django-session", "vestibule-session"),
        ("better-auth-token", "vestibule-token"),
        ("better-auth-session", "vestibule-session"),
        ("axum-sqlx", "vestibule-token"),
        ("axum-sqlx", "vestibule-session"),
    ):
        for kind, name in DATABASES.items():
            row = [f"{LABELS[subject]} : {LABELS[ours].replace(',', ' by')}; {name}"]
            for action in RATIOS:
                theirs, own = (cell(results, who, action, kind, 16) for who in (subject, ours))
                pairs = zip(of(theirs, "cpu_ms"), of(own, "cpu_ms"), strict=False) if theirs and own else []
                found = [over / under for over, under in pairs if under]
                row.append(spread(found) if found else "")
            if any(row[1:]):
                rows.append(row)
    return table(["times ours", *(ACTIONS[action] for action in RATIOS)], rows)


def pages(results):
    rows = []
    for action, label in PAGES.items():
        samples = cell(results, "axum" if action == "constant" else "vestibule", action, "sqlite", 16)
        if samples:
            per_second = spread(of(samples, "requests_per_second"))
            rows.append([label, spread(of(samples, "cpu_ms")), per_second, spread(of(samples, "p99_ms"))])
    return table(["SQLite", "CPU ms", "requests/s", "p99 ms"], rows)


def load(results):
    rows = []
    for kind, name in DATABASES.items():
        for subject, label in LABELS.items():
            for connections in (1, 16, 256):
                samples = cell(results, subject, "list", kind, connections)
                if samples:
                    figures = (
                        spread(of(samples, field)) for field in ("requests_per_second", "p50_ms", "p99_ms", "cpu_ms")
                    )
                    by_database = number(median(of(samples, "database_cpu_ms"))) if kind == "postgresql" else ""
                    rows.append([f"{label}, {name}", str(connections), *figures, by_database])
    return table(
        ["`GET notes`", "connections", "requests/s", "p50 ms", "p99 ms", "CPU ms", "PostgreSQL's CPU ms"], rows
    )


def growth(results):
    sizes = [size for size in SIZES if any(f"-{size}/" in name for name in results["cells"])]
    rows = []
    for kind, name in DATABASES.items():
        for subject, action in (
            ("vestibule-token", "me"),
            ("vestibule-token", "list"),
            ("vestibule-session", "me"),
            ("vestibule-session", "list"),
            ("vestibule", "page"),
        ):
            found = [cell(results, subject, action, f"{kind}-{size}", 16) for size in sizes]
            if found and all(found):
                what = ACTIONS.get(action, "notes page")
                rows.append(
                    [f"{LABELS[subject]}, {what}, {name}", *(spread(of(samples, "cpu_ms")) for samples in found)]
                )
    return table(["CPU ms", *(f"{SIZES[size]} accounts" for size in sizes)], rows)


def memory(results):
    names = {
        "axum-sqlx": "axum + sqlx",
        "vestibule": "Vestibule",
        "django": "Django, gunicorn",
        "better-auth": "better-auth, Node.js",
    }
    rows = []
    for place, label in names.items():
        found = [results["memory"].get(f"{place}/{kind}") for kind in DATABASES]
        if any(found):
            rows.append(
                [label, *(f"{number(one['pss_mb'])} / {number(one['peak_mb'])}" if one else "" for one in found)]
            )
    return table(["MB after the load / at most", *DATABASES.values()], rows)


def operating(results):
    """What is no CPU time, of each database."""
    facts, rows = results["facts"], []
    for name, label in FACTS.items():
        found = [facts.get(f"{name}/{kind}", []) for kind in DATABASES]
        if any(found):
            rows.append([label, *(spread(values) if values else "" for values in found)])
    for name in facts:
        if name.startswith("round_trips/"):
            place = name.removeprefix("round_trips/")
            subject, action = place.split("/")
            label = f"{LABELS[subject]}, {ACTIONS.get(action) or PAGES[action]}: round trips; statements"
            rows.append([label, "", f"{number(facts[name][0])}; {number(facts[f'statements/{place}'][0])}"])
    steps = facts.get("sign_ins_steps_mb")
    if steps:
        label = f"memory during {facts['sign_ins'][0]:,} sign-ins, after each third, MB"
        rows.append([label, ", ".join(number(step) for step in steps), ""])
    for name, label in (("binary_mb", "the binary, MB"), ("wasm_kb", "wasm, compressed with brotli, kB")):
        if name in facts:
            rows.append([label, number(facts[name][0]), ""])
    return table(["", *DATABASES.values()], rows)


def goals(results):
    rows = []
    for row in results["targets"]:
        value = spread([row["lowest"], row["value"], row["highest"]])
        limit = f"{row['sense']} {number(row['limit'])}"
        rows.append([row["target"], f"{value} {row['unit']}".strip(), limit, "met" if row["is_met"] else "**not met**"])
    return table(["target", "measured", "limit", ""], rows)
