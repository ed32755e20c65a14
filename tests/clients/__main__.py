"""Generates clients from the OpenAPI documents of a server, and tries two of them:

    python3 tests/clients dist/vestibule

The generators, their versions and their commands are those of docs/generated-clients.md. Each of them must take both
documents without a warning. What it makes is type-checked (TypeScript) or imported (Python), and flow.ts and flow.py
run with the clients of two of them. The code that the page shows is code of these two. The TypeScript of docs/clients.md
and docs/events.md is type-checked as well, with the OAuth client of the example SPA. oidc.ts walks the flows of OAuth
with oidc-client-ts.
"""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs/generated-clients.md"
DOORS = ["token", "session"]

WARNING = re.compile(r"warn|deprecat|skipp|ignor|unsupported|not supported|fail|error|exception", re.IGNORECASE)
# What a generator says of every document, and names of generated files.
HARMLESS = re.compile(
    r"OpenAPI 3\.1 support is still in beta"
    r"|ModelUtils - Failed to get the schema name: null$"
    r"|CodegenIgnoreProcessor - Output directory|\.openapi-generator-ignore"
    r"|TemplateManager - writing file"
)
# TypeScript that a generator makes, and the flow.
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom", "dom.iterable"],
        "types": [],
    },
    "include": ["**/*.ts"],
}
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
"""
EMAIL, PASSWORD = "ada@example.org", "correct horse battery staple"
# Where the answers of the authorization endpoint go. Nobody listens there.
CALLBACK = "http://127.0.0.1:49152/callback"


# What the samples of a client of one's own leave to whoever copies them.
PAGES = HERE.parents[1] / "docs"
YOURS = """
declare let token: string;
declare const note: { id: string; version: number };
declare function send(note: { id: string; version: number }): Promise<number>;
declare function showErrors(errors: { field: string; message: string }[]): void;
declare function showNotes(): void;
declare function showSignIn(message?: string): void;
declare function showState(state: string): void;
declare function refreshAll(): void;
declare function refresh(kind: string, change: Change): void;
"""


class Failure(Exception):
    """What is wrong, in words."""


class Generator:
    """A section of the page: the packages to install, the commands to run, and the files that it shows."""

    def __init__(self, title, text):
        self.title = title
        self.folder = re.sub(r"\W+", "-", title).strip("-").lower()
        self.packages, self.commands, self.files, self.code = {}, [], {}, []
        for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if kind == "sh":
                for line in body.splitlines():
                    self.add(line)
            elif kind == "js":
                self.files[re.findall(r"`([\w.]+\.mjs)`", text)[0]] = body
            else:
                self.code.append((kind, body))

    def add(self, line):
        if not line.startswith(("npm install ", "pip install ")):
            self.commands.append(line)
            return
        for package in line.replace('"', "").split()[2:]:
            if not package.startswith("--"):
                name, version = re.fullmatch(r"(.+?)(?:\[\w+\])?(?:==|@)([\d.]+)", package).groups()
                self.packages[name] = version

    def run(self, folder, document):
        """Generates a client in a folder of its own, and returns that folder."""
        folder = folder / self.folder
        folder.mkdir(parents=True)
        (folder / "openapi.json").write_text(document)
        (folder / "node_modules").symlink_to(HERE / "node_modules")
        for name, text in self.files.items():
            (folder / name).write_text(text)
        for command in self.commands:
            output = run(["bash", "-c", command], folder, self.title)
            warnings = [line for line in output.splitlines() if WARNING.search(line) and not HARMLESS.search(line)]
            if warnings:
                raise Failure("\n".join([f"{self.title} warns:", *warnings]))
        return folder


def run(command, folder, what, **environment):
    """Runs a command and returns its output, which is shown only if it fails."""
    environment = os.environ | {"CI": "true", "NO_COLOR": "1"} | environment
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )
    if done.returncode != 0:
        raise Failure(f"{what} failed ({' '.join(map(str, command))}):\n{done.stdout[-4000:]}")
    return done.stdout


def generators():
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = [Generator(*section.split("\n", 1)) for section in sections]
    return [generator for generator in found if generator.packages]


def check_versions(found):
    """The page names the versions that are installed here, in its table too."""
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    installed = {path.removeprefix("node_modules/"): package.get("version") for path, package in lock.items()}
    installed |= dict(re.findall(r"^([\w-]+)==([\d.]+)$", (HERE / "requirements.txt").read_text(), re.MULTILINE))
    table = PAGE.read_text().split("\n\nWhich to take")[0]
    for generator in found:
        for name, version in generator.packages.items():
            if installed.get(name) != version:
                raise Failure(f"{PAGE.name}: {name} {version}, but {installed.get(name)} is installed for the tests")
        version = next(iter(generator.packages.values()))
        if f"| {version} |" not in table:
            raise Failure(f"{PAGE.name}: the table lacks {generator.title} {version}")


def check_code(found):
    """The code on the page is that of the flows."""
    flows = {"ts": (HERE / "flow.ts").read_text(), "python": (HERE / "flow.py").read_text()}
    for generator in found:
        for kind, code in generator.code:
            if code not in flows[kind]:
                raise Failure(f"{PAGE.name}: this is not in the flow, {kind}:\n{code}")


def samples(folder):
    """Writes the TypeScript of docs/clients.md and docs/events.md beside the types that openapi-typescript made."""
    client, *usage = blocks((PAGES / "clients.md").read_text())
    shutil.copytree(PAGES.parent / "examples/spa/src/oauth", folder / "oauth")
    (folder / "api.ts").write_text(client)
    events = [YOURS, *blocks((PAGES / "events.md").read_text())]
    (folder / "usage.ts").write_text("\n".join(['import { api, oauth, open } from "./api";', 'import { SignInError } from "./oauth/error";', *events, *usage]))


def blocks(text):
    return [code for code in re.findall(r"^```ts\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if "proxy:" not in code]


@contextlib.contextmanager
def server(binary, folder):
    """A server in an empty folder, with an account; its origin. A token may make few requests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    origin = f"http://{address}"
    settings = {
        "LEPTOS_SITE_ADDR": address,
        "LEPTOS_SITE_ROOT": str(HERE.parents[1] / "target/site"),
        "RUST_LOG": "warn",
        "VESTIBULE_SERVER__PUBLIC_URL": origin,
        "VESTIBULE_RATE_LIMITS__PER_TOKEN": "30",
        "VESTIBULE_OAUTH__CLIENTS": f"spa {CALLBACK}",
    }
    with open(folder / "log", "w+") as log:
        command = [binary, "serve"]
        process = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
        try:
            for _ in range(150):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{origin}/readyz"):
                    break
                if process.poll() is not None:
                    break
                time.sleep(0.1)
            sign_up(origin)
            documents = {}
            for door in DOORS:
                command = [binary, "openapi", "--door", door]
                documents[door] = run(command, folder, "vestibule openapi", **settings)
            with urllib.request.urlopen(f"{origin}/api/v1/openapi.json") as served:
                if json.load(served) != json.loads(documents["token"]):
                    raise Failure("vestibule openapi prints another document than the server sends")
            yield origin, documents
        except OSError as error:
            log.seek(0)
            raise Failure(f"the server does not answer ({error}):\n{log.read()[-4000:]}") from error
        finally:
            process.terminate()
            process.wait()


def sign_up(origin):
    form = urllib.parse.urlencode({"name": "Ada", "email": EMAIL, "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{origin}/sign-up", form, {"Origin": origin})
    urllib.request.urlopen(request).close()


def lint(folder, documents):
    for door, document in documents.items():
        (folder / f"{door}.json").write_text(document)
    files = [f"{door}.json" for door in documents]
    shutil.copy(HERE / "redocly.yaml", folder)
    run(["redocly", "lint", "--format", "stylish", *files], folder, "redocly lint")


def check_python(python, folder):
    # A package, or a project that has one.
    name, path = "client", folder
    if not (folder / "client/__init__.py").exists():
        name, path = "vestibule_client", folder / "client"
    strict = ["-W", "error::SyntaxWarning", "-W", "error:invalid escape sequence"]
    run([python, *strict, "-c", IMPORT_ALL, name], folder, f"importing {folder.name}", PYTHONPATH=str(path))


def check(binary):
    found = generators()
    check_versions(found)
    check_code(found)
    by_title = {generator.title: generator for generator in found}
    hey, python_client = by_title["@hey-api/openapi-ts"], by_title["openapi-python-client"]
    # The Python of the generators, which has what the generated code imports.
    generator = shutil.which("openapi-python-client")
    if generator is None or not (HERE / "node_modules").exists():
        raise Failure("the generators are not installed: scripts/setup test")
    python = pathlib.Path(generator).with_name("python3")
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(scratch)
        (folder / "server").mkdir()
        with server(binary, folder / "server") as (origin, documents):
            work = [pool.submit(lint, folder, documents)]
            made = {}
            for door, document in documents.items():
                for generator in found:
                    made[door, generator] = pool.submit(generator.run, folder / door, document)
            finish([*work, *made.values()])

            typed, tried = made["token", hey].result(), made["token", python_client].result()
            shutil.copy(HERE / "flow.ts", typed)
            shutil.copy(HERE / "flow.py", tried)
            shutil.copy(HERE / "oidc.ts", typed)
            samples(made["token", by_title["openapi-typescript"]].result())
            (folder / "package.json").write_text('{"type": "module"}')
            (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
            arguments = [origin, EMAIL, PASSWORD]
            work = [pool.submit(run, ["tsc", "--project", "."], folder, "type-checking")]
            for (_, generator), job in made.items():
                if "python" in generator.folder:
                    work.append(pool.submit(check_python, python, job.result()))
            work.append(pool.submit(run, ["tsx", "flow.ts", *arguments], typed, "flow.ts"))
            work.append(pool.submit(run, [python, "flow.py", *arguments], tried, "flow.py"))
            work.append(pool.submit(run, ["tsx", "oidc.ts", *arguments, CALLBACK], typed, "oidc.ts"))
            finish(work)
    return len(made)


def finish(jobs):
    """Waits for all jobs; fails with what went wrong in each of them."""
    concurrent.futures.wait(jobs)
    faults = [str(job.exception()) for job in jobs if job.exception() is not None]
    if faults:
        raise Failure("\n\n".join(faults))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ["PATH"] = f"{HERE / 'node_modules/.bin'}{os.pathsep}{os.environ['PATH']}"
    try:
        count = check(str(pathlib.Path(sys.argv[1]).resolve()))
    except Failure as failure:
        sys.exit(f"{failure}\n\ntests/clients: failed")
    print(f"tests/clients: {count} clients generated, without warnings; two of them and oidc-client-ts tried")


if __name__ == "__main__":
    main()
