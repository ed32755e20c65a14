#!/usr/bin/env python3
"""Checks the import graph of `src/`: no circle between files, and no import from a lower floor to a higher one.

    python3 tests/structure/imports.py [--print] [src]

An import is a path that begins with `crate::`, `super::` or `self::`, or with a module that a `use` brought in. It points
to the file that defines the item: re-exports are followed. Unit tests (`#[cfg(test)] mod`) are left out.
"""
import pathlib
import re
import sys

# From the top to the bottom. A file belongs to the first entry that its path begins with.
FLOORS = [
    ("app", ["main", "lib", "hydrate", "app", "cli"]),
    ("features", ["features"]),
    ("state", ["state", "feature"]),
    ("auth", ["auth"]),
    ("http", ["http"]),
    ("ui, db, mail, assets", ["ui", "db", "mail", "assets"]),
    ("settings, timestamp, metrics", ["settings", "timestamp", "text", "secret", "metrics"]),
]


def strip(text):
    """The code without comments, strings, and unit tests."""
    out, i, n = [], 0, len(text)
    while i < n:
        two = text[i:i + 2]
        if two == "//":
            i = text.find("\n", i)
            i = n if i < 0 else i
        elif two == "/*":
            i = text.find("*/", i)
            i = n if i < 0 else i + 2
        elif text[i] == "r" and (raw := re.match(r'r(#*)"', text[i:])) and not (i and (text[i - 1].isalnum() or text[i - 1] == "_")):
            end = text.find('"' + raw[1], i + raw.end())
            out.append('""')
            i = n if end < 0 else end + 1 + len(raw[1])
        elif text[i] == '"':
            i += 1
            while i < n and text[i] != '"':
                i += 2 if text[i] == "\\" else 1
            out.append('""')
            i += 1
        elif (char := re.match(r"'(\\.[^']*|[^'\\])'", text[i:])):
            out.append("' '")
            i += char.end()
        else:
            out.append(text[i])
            i += 1
    code = "".join(out)
    while (test := re.search(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{", code)):
        depth, end = 1, test.end()
        while depth and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        code = code[:test.start()] + code[end:]
    return re.sub(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|mod)\s[^;]*;", "", code)


def leaves(tree, prefix=()):
    """(path, name) of everything a use tree brings in."""
    tree = tree.strip()
    group = re.match(r"((?:\w+\s*::\s*)*)\{(.*)\}$", tree, re.S)
    if group:
        prefix += tuple(re.findall(r"\w+", group[1]))
        depth, start, inner = 0, 0, group[2]
        for at, char in enumerate(inner + ","):
            depth += {"{": 1, "}": -1}.get(char, 0)
            if char == "," and not depth:
                if inner[start:at].strip():
                    yield from leaves(inner[start:at], prefix)
                start = at + 1
        return
    path, _, name = tree.partition(" as ")
    parts = prefix + tuple(re.findall(r"\w+|\*", path))
    if parts and parts[-1] == "self" and len(parts) > 1:
        parts = parts[:-1]
    yield parts, name.strip() or parts[-1]


class Module:
    def __init__(self, path, file):
        self.path, self.file, self.children, self.uses = path, file, set(), []
        self.code = strip(file.read_text())
        for vis, tree in re.findall(r"(?:^|[;{}\]\n])\s*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", self.code):
            for parts, name in leaves(tree):
                self.uses.append((bool(vis), parts, name))
        self.body = re.sub(r"(?:^|(?<=[;{}\]\n]))\s*(?:pub(?:\([^)]*\))?\s+)?use\s+[^;]+;", "", self.code)
        self.macros = set(re.findall(r"macro_rules!\s*(\w+)", self.code))


def load(root):
    modules = {}
    for file in sorted(root.rglob("*.rs")):
        parts = file.relative_to(root).with_suffix("").parts
        parts = () if parts == ("lib",) else parts[:-1] if parts[-1] == "mod" else parts
        modules[parts] = Module(parts, file)
    for path in modules:
        if path and path[:-1] in modules:
            modules[path[:-1]].children.add(path[-1])
    return modules


def absolute(module, parts, uses=True):
    """The path from the crate's root, or nothing where it leads out of the crate."""
    head, rest = parts[0], parts[1:]
    if head == "crate":
        return rest
    if head == "self":
        return module.path + rest
    if head == "super":
        path = module.path[:-1]
        while rest and rest[0] == "super":
            path, rest = path[:-1], rest[1:]
        return path + rest
    if head in module.children:
        return module.path + parts
    return None


def resolve(modules, path, seen=frozenset()):
    """The module that defines what `path` names."""
    module, at = modules[()], 0
    while at < len(path) and path[at] in module.children and module.path + (path[at],) in modules:
        module, at = modules[module.path + (path[at],)], at + 1
    if at == len(path):
        return module
    item = path[at]
    if (module.path, item) in seen:
        return module
    seen = seen | {(module.path, item)}
    for public, parts, name in module.uses:
        if name == item and not (name in module.macros):
            target = absolute(module, parts)
            if target is not None:
                return resolve(modules, target + path[at + 1:], seen)
    for public, parts, name in module.uses:
        if public and name == "*":
            target = absolute(module, parts[:-1])
            if target is not None and re.search(rf"\b(?:struct|enum|fn|trait|type|const|static|union|macro)\s+{item}\b",
                                                 resolve(modules, target).code):
                return resolve(modules, target, seen)
    return module


def edges(modules):
    found = {}
    def add(module, path):
        target = resolve(modules, path)
        if target is not module:
            found.setdefault((module, target), set()).add("::".join(path))
    for module in modules.values():
        if module.path == ("main",):
            continue
        names = {}
        for public, parts, name in module.uses:
            target = absolute(module, parts)
            if target is None:
                continue
            if target in modules and name != "*":
                names[name] = target
                # The module itself is only a name: what counts is what is taken from it.
                if not re.search(rf"\b{name}\s*::", module.body) and not public:
                    add(module, target)
                continue
            if public and not re.search(rf"\b{re.escape(name)}\b", module.body):
                continue
            add(module, target[:-1] if name == "*" else target)
        for child in module.children:
            names.setdefault(child, module.path + (child,))
        for parts in re.findall(r"(?<![\w:$])(?:\w+\s*::\s*)+\w+", module.body):
            parts = tuple(re.findall(r"\w+", parts))
            if parts[0] in ("crate", "self", "super"):
                add(module, absolute(module, parts))
            elif parts[0] in names:
                add(module, names[parts[0]] + parts[1:])
        for parts in re.findall(r"\$crate((?:\s*::\s*\w+)+)", module.body):
            pass
    return found


def circles(modules, graph):
    """Strongly connected components of more than one file (Tarjan)."""
    index, low, stack, on, out = {}, {}, [], set(), []
    def visit(v):
        work = [(v, iter(graph.get(v, ())))]
        index[v] = low[v] = len(index)
        stack.append(v); on.add(v)
        while work:
            node, it = work[-1]
            for w in it:
                if w not in index:
                    index[w] = low[w] = len(index)
                    stack.append(w); on.add(w)
                    work.append((w, iter(graph.get(w, ()))))
                    break
                if w in on:
                    low[node] = min(low[node], index[w])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        w = stack.pop(); on.discard(w); component.append(w)
                        if w is node:
                            break
                    if len(component) > 1:
                        out.append(component)
    for module in modules.values():
        if module not in index:
            visit(module)
    return out


def floor(module):
    top = module.path[0] if module.path else "lib"
    for level, (name, rooms) in enumerate(FLOORS):
        if top in rooms:
            return level, name
    sys.exit(f"imports: src/{'/'.join(module.path)} is on no floor: add its folder to FLOORS in tests/structure/imports.py")


def main():
    args = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    root = pathlib.Path(args[0] if args else "src")
    modules = load(root)
    found = edges(modules)
    graph = {}
    for (a, b) in found:
        graph.setdefault(a, []).append(b)
    wrong = []
    for (a, b), names in sorted(found.items(), key=lambda e: (str(e[0][0].file), str(e[0][1].file))):
        if floor(a)[0] > floor(b)[0]:
            wrong.append(f"{a.file} ({floor(a)[1]}) imports {', '.join(sorted(names))} from {b.file} ({floor(b)[1]})")
    for component in circles(modules, graph):
        members = set(component)
        lines = [f"    {a.file} -> {b.file}: {', '.join(sorted(names))}" for (a, b), names in found.items() if a in members and b in members]
        wrong.append(f"circle of {len(component)} files:\n" + "\n".join(sorted(lines)))
    if "--print" in sys.argv:
        rooms = {}
        for (a, b) in found:
            x, y = (m.path[0] if m.path else "lib" for m in (a, b))
            if x != y:
                rooms[x, y] = rooms.get((x, y), 0) + 1
        for (x, y), count in sorted(rooms.items()):
            print(f"{x} -> {y} ({count})")
    if wrong:
        print("\n".join(wrong))
        sys.exit(f"imports: {len(wrong)} to mend")
    print(f"imports: {len(modules)} files, {len(found)} imports, no circle, none upwards")


if __name__ == "__main__":
    main()
