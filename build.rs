//! Rebuilds the library when a migration is added, which `sqlx::migrate!` alone does not notice.
#![expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
