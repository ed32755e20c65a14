#!/usr/bin/env python3
"""Checks that every island and server function is compiled for the browser too.

    python3 tests/structure/islands.py [src]

An `#[island]` in a module that only the server has renders, and never becomes alive; nothing else reports it.
"""
import pathlib
import re
import sys


def declared_for(root, file):
    """The module on the way to `file` that is declared for the server only, if there is one."""
    parts = file.relative_to(root).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "mod" else parts
    for depth, name in enumerate(parts):
        above = root.joinpath(*parts[:depth])
        parent = next(path for path in (above / "lib.rs" if not depth else above / "mod.rs", above.with_suffix(".rs"))
                      if path.exists())
        declaration = re.search(rf"((?:^[ \t]*#\[[^\n]*\]\n)*)^[ \t]*(?:pub(?:\([^)]*\))? )?mod {name}\b",
                                parent.read_text(), re.M)
        if declaration and re.search(r'#\[cfg\(.*feature = "ssr"', declaration[1]):
            return parent
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
    count, wrong = 0, []
    for file in sorted(root.rglob("*.rs")):
        for kind in re.findall(r"^[ \t]*#\[(island|server)\b", file.read_text(), re.M):
            count += 1
            if parent := declared_for(root, file):
                wrong.append(f"{file}: its #[{kind}] is not compiled for the browser, see the #[cfg] in {parent}")
    if wrong:
        print("\n".join(wrong))
        sys.exit(f"islands: {len(wrong)} to mend")
    print(f"islands: {count} islands and server functions, all compiled for the browser")


if __name__ == "__main__":
    main()
