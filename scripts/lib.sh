# The versions of the tools that scripts/setup installs, and how scripts/env finds them. Sourced by bash.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${VESTIBULE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/vestibule/tools}

# The Rust to install if the one at hand will not do. It is the oldest that can build cargo-leptos.
rust=1.96.0
cargo_leptos=0.3.11
binaryen=132.0.0
geckodriver=0.37.1
# Where the Node.js at hand is older than 22. The tests run on 20 as well.
node=24.21.0
schemathesis=4.32.5
openapi_spec_validator=0.9.0
# A folder for each list of versions.
clients=clients-$(cksum <"$here/tests/clients/requirements.txt" | cut -d' ' -f1)
manifests=manifests-$(cksum <"$here/tests/deploy/requirements.txt" | cut -d' ' -f1)
# The command and the crate must have the same version, so the lock file decides.
wasm_bindgen=$(grep -A1 '^name = "wasm-bindgen"$' "$here/Cargo.lock" | sed -n 's/^version = "\(.*\)"$/\1/p')

wasm_target=wasm32-unknown-unknown

# The job server of make, which cargo would use, is open to those only whom make takes for another make.
unset MAKEFLAGS MFLAGS

# Programs only: functions of scripts/setup have the names of some.
has() { type -P "$1" >/dev/null; }

# Whether the rustc at hand (that of RUSTUP_TOOLCHAIN, if it is set) is recent enough and can compile for the browser.
rust_will_do() {
    local version lib
    version=$(rustc --version 2>/dev/null | cut -d' ' -f2) && [ -n "$version" ] || return 1
    printf '%s\n' "$rust" "$version" | sort -VC || return 1
    lib=$(rustc --print target-libdir --target "$wasm_target" 2>/dev/null) && compgen -G "$lib/libstd-*.rlib" >/dev/null
}

# Whether the Node.js at hand is one that is still maintained.
node_is_recent() {
    local version
    version=$(node --version 2>/dev/null) && printf '%s\n' v22.12.0 "$version" | sort -VC
}

# Puts the tools we installed first on the PATH, and chooses a Rust that can compile for the browser.
use_tools() {
    local folder server
    for folder in "$clients/bin" "geckodriver-$geckodriver/bin" "node-$node/node_modules/.bin" "binaryen-$binaryen/node_modules/.bin" \
        "wasm-bindgen-$wasm_bindgen/bin" "cargo-leptos-$cargo_leptos/bin" "schemathesis-$schemathesis/bin"; do
        PATH=$tools/$folder:$PATH
    done
    export PATH
    for server in /usr/lib/postgresql/*/bin; do
        if ! has initdb && [ -x "$server/initdb" ]; then PATH="$PATH:$server"; fi
    done
    if [ -d "$HOME/.cargo/bin" ]; then PATH="$PATH:$HOME/.cargo/bin"; fi
    # Node and pip have lists of certificate authorities of their own, without that of a company's proxy. The system's
    # list has it.
    local authorities=/etc/ssl/certs/ca-certificates.crt
    if [ -r "$authorities" ]; then
        export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$authorities} PIP_CERT=${PIP_CERT:-$authorities}
    fi
    rust_will_do && return
    # Toolchains that scripts/setup may have installed.
    local toolchain
    for toolchain in "$rust" debian; do
        has rustup && rustup toolchain list 2>/dev/null | grep -q "^$toolchain" || continue
        if RUSTUP_TOOLCHAIN=$toolchain rust_will_do; then
            export RUSTUP_TOOLCHAIN=$toolchain
            return
        fi
    done
    if [ -x /usr/bin/rustc ] && PATH=/usr/bin:$PATH rust_will_do; then PATH=/usr/bin:$PATH; fi
}
