# What scripts/setup installs and scripts/env uses. Sourced by bash.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=${VESTIBULE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/vestibule/tools}

cargo_leptos=0.3.11
binaryen=132.0.0
# The glue and the crate must be of one version, so the lock file decides.
wasm_bindgen=$(grep -A1 '^name = "wasm-bindgen"$' "$here/Cargo.lock" | sed -n 's/^version = "\(.*\)"$/\1/p')

wasm_target=wasm32-unknown-unknown

has() { command -v "$1" >/dev/null 2>&1; }

# Whether the rustc at hand (of RUSTUP_TOOLCHAIN, if that is set) can compile for the browser.
builds_wasm() {
    local lib
    lib=$(rustc --print target-libdir --target "$wasm_target" 2>/dev/null) && compgen -G "$lib/libstd-*.rlib" >/dev/null
}

# Puts the tools we installed first on the PATH, and chooses a Rust that can compile for the browser.
use_tools() {
    export PATH="$tools/cargo-leptos-$cargo_leptos/bin:$tools/wasm-bindgen-$wasm_bindgen/bin:$tools/binaryen-$binaryen/node_modules/.bin:$PATH"
    local server
    for server in /usr/lib/postgresql/*/bin; do
        if ! has initdb && [ -x "$server/initdb" ]; then PATH="$PATH:$server"; fi
    done
    if [ -d "$HOME/.cargo/bin" ]; then PATH="$PATH:$HOME/.cargo/bin"; fi
    builds_wasm && return
    # Debian's toolchain, see scripts/setup.
    if has rustup && RUSTUP_TOOLCHAIN=debian builds_wasm; then
        export RUSTUP_TOOLCHAIN=debian
    elif [ -x /usr/bin/rustc ] && PATH=/usr/bin:$PATH builds_wasm; then
        PATH=/usr/bin:$PATH
    fi
}
