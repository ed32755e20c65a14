# What scripts/setup installs and scripts/env uses. Sourced by bash.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${VESTIBULE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/vestibule/tools}

# What is installed where no Rust at hand will do. Its minor version is the least that builds cargo-leptos.
rust=1.96.0
cargo_leptos=0.3.11
binaryen=132.0.0
geckodriver=0.37.1
schemathesis=4.32.5
openapi_spec_validator=0.9.0
# The glue and the crate must be of one version, so the lock file decides.
wasm_bindgen=$(grep -A1 '^name = "wasm-bindgen"$' "$here/Cargo.lock" | sed -n 's/^version = "\(.*\)"$/\1/p')

wasm_target=wasm32-unknown-unknown

has() { command -v "$1" >/dev/null 2>&1; }

# Whether the rustc at hand (of RUSTUP_TOOLCHAIN, if that is set) is recent, and can compile for the browser.
rust_will_do() {
    local version lib
    version=$(rustc --version 2>/dev/null | cut -d' ' -f2) && [ -n "$version" ] || return 1
    printf '%s\n' "$rust" "$version" | sort -VC || return 1
    lib=$(rustc --print target-libdir --target "$wasm_target" 2>/dev/null) && compgen -G "$lib/libstd-*.rlib" >/dev/null
}

# Puts the tools we installed first on the PATH, and chooses a Rust that can compile for the browser.
use_tools() {
    export PATH="$tools/schemathesis-$schemathesis/bin:$tools/cargo-leptos-$cargo_leptos/bin:$tools/wasm-bindgen-$wasm_bindgen/bin:$tools/binaryen-$binaryen/node_modules/.bin:$tools/geckodriver-$geckodriver/bin:$PATH"
    local server
    for server in /usr/lib/postgresql/*/bin; do
        if ! has initdb && [ -x "$server/initdb" ]; then PATH="$PATH:$server"; fi
    done
    if [ -d "$HOME/.cargo/bin" ]; then PATH="$PATH:$HOME/.cargo/bin"; fi
    # Node and pip bring their own list of authorities, in which a company's proxy is not. The system's has it.
    local authorities=/etc/ssl/certs/ca-certificates.crt
    if [ -r "$authorities" ]; then
        export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$authorities} PIP_CERT=${PIP_CERT:-$authorities}
    fi
    rust_will_do && return
    # The toolchains that scripts/setup may have added.
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
