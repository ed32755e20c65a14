#!/usr/bin/env python3
"""Checks that the files which documents, settings and comments name exist, and the tests that some documents name.

    python3 tests/structure/paths.py

A path is read from the root of the repository, or from a folder above the file that names it. `…`, `*`, `{name}` and
`00NN` stand for something else, and end the part that is checked.
"""
import pathlib
import re
import sys

FOLDERS = "docs|end2end|examples|fuzz|migrations|public|scripts|src|style|tests"
PATH = re.compile(rf"(?<![\w/.@$)}}-])(?:{FOLDERS})/[\w./*{{}}…-]*")
# In backticks, a source file may also be read from `src/` or from the folder of a feature.
SOURCE = re.compile(r"`([\w-]+/[\w./-]+\.(?:rs|css|js|ts|py))`")
# In a Markdown link, the path is read from the document.
LINK = re.compile(r"\]\(([\w./-]+)(?:#[\w-]+)?\)")
KINDS = {".md", ".rs", ".toml", ".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".yml", ".sh", ""}
# Migrations cannot change. The CHANGELOG names what was. The resource `invoices` is made in the reader's own copy.
LEFT_OUT = ["migrations/", "CHANGELOG.md", "tests/fixtures/", "LICENSE", "tests/structure/paths.py"]
OF_THE_READER = "invoices"
# What they promise is held by tests.
PROMISES = ["docs/security.md", "docs/operate.md"]
BUILT = {"target", "dist", "node_modules", "test-results", "playwright-report", "outbox", "__pycache__", ".git"}


def texts(folder, root):
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(root)
        if BUILT & set(inside.parts) or str(inside).startswith(tuple(LEFT_OUT)):
            continue
        if path.is_file() and path.suffix in KINDS and path.stat().st_size < 1_000_000:
            yield path, path.read_text(errors="replace")


def removed(root):
    """The features that `docs/architecture.md` lists and `scripts/remove-feature` has removed."""
    listed = re.findall(r"\| `src/features/(\w+)/` \|", (root / "docs/architecture.md").read_text())
    return [name for name in listed if not (root / "src/features" / name).exists()]


def lost_names(root):
    """The functions and modules that the promises name and no source has."""
    words, modules = set(), {path.stem for path in (root / "tests/http").iterdir()}
    for folder in ("src", "tests", "end2end", "scripts", "migrations"):
        for path, text in texts(root / folder, root):
            words |= {path.stem, path.parent.name, *re.findall(r"\w+", text)}
    for document in PROMISES:
        for number, line in enumerate((root / document).read_text().split("\n"), 1):
            for name in re.findall(r"`((?:\w+::)*\w+)`", line):
                first, *rest = name.split("::")
                is_name = rest or "_" in name
                if is_name and (not words.issuperset([first, *rest]) or (first == "http" and rest[0] not in modules)):
                    yield f"{document}:{number}: {name}"


def literal(path):
    """The part of `path` before what stands for something else."""
    parts = path.rstrip("./").split("/")
    for at, part in enumerate(parts):
        if re.search(r"[*{}…]|NN", part):
            return "/".join(parts[:at])
    return "/".join(parts)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    gone, sources = removed(root), [root / "src", *(root / "src/features").iterdir()]
    count, wrong = 0, []
    for file, text in texts(root, root):
        for number, line in enumerate(text.split("\n"), 1):
            above = [folder for folder in file.parents if folder == root or root in folder.parents]
            above += [root / folder for folder in re.findall(r"\bcd ([\w/]+) &&", line)]
            named = [(literal(path), above) for path in PATH.findall(line)]
            if not gone:
                named += [(path, [*sources, *above]) for path in SOURCE.findall(line)]
            if file.suffix == ".md":
                named += [(path, [file.parent]) for path in LINK.findall(line)]
            for path, folders in named:
                count += 1
                if any((folder / path).exists() for folder in folders):
                    continue
                excused = any(re.search(rf"\b{name}\b", path) for name in [*gone, OF_THE_READER])
                if excused or BUILT & set(path.split("/")):
                    continue
                wrong.append(f"{file.relative_to(root)}:{number}: {path}")
    if not gone:
        wrong += lost_names(root)
    if wrong:
        print("\n".join(wrong))
        sys.exit(f"paths: {len(wrong)} lead nowhere")
    print(f"paths: {count} named, all there")


if __name__ == "__main__":
    main()
