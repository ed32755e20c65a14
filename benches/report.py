"""Writes what was measured: JSON, the tables of the documentation, the chart; and prints the targets."""

import json
from pathlib import Path

import chart
import tables
import targets

ROOT = Path(__file__).resolve().parent.parent
JSON = ROOT / "benches" / "results" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
CHART = ROOT / "docs" / "performance.svg"


def finish(results, options):
    """Prints everything; a whole run is written to the repository too."""
    results["targets"] = targets.judged(results)
    print(tables.cells(results))
    print(tables.judgement(results))
    if options.is_partial:
        if options.output:
            options.output.write_text(document(results))
        return
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(document(results))
    CHART.write_text(chart.drawn(results))
    write_pages(results)
    print(f"bench: wrote {', '.join(str(path.relative_to(ROOT)) for path in (JSON, CHART, PAGE, README))}")


def document(results):
    """JSON with a line for each cell, fact and target, so that a difference between two runs can be read."""

    def lines(value):
        if isinstance(value, dict):
            opened, closed, items = "{", "}", [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in value.items()]
        elif isinstance(value, list):
            opened, closed, items = "[", "]", [json.dumps(one) for one in value]
        else:
            return json.dumps(value)
        return f"{opened}\n  " + ",\n  ".join(items) + f"\n {closed}" if items else opened + closed

    return "{\n " + ",\n ".join(f"{json.dumps(name)}: {lines(value)}" for name, value in results.items()) + "\n}\n"


def write_pages(results):
    """Writes the tables of the documentation and of the README."""
    write_tables(PAGE, tables.of_the_page(results))
    write_tables(README, tables.of_the_readme(results))


def write_tables(page, written):
    """Replaces what stands between the markers of each table."""
    text = page.read_text()
    for name, table in written.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, found, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise RuntimeError(f"{page}: the markers of {name} are missing")
        text = f"{before}{begin}\n{table}\n\n{end}{after}"
    page.write_text(text)


if __name__ == "__main__":
    # Writes the documentation anew from the stored results.
    stored = json.loads(JSON.read_text())
    stored["targets"] = targets.judged(stored)
    JSON.write_text(document(stored))
    CHART.write_text(chart.drawn(stored))
    write_pages(stored)
