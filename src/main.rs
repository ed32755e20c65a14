//! The binary: reads the command line and runs it.

use std::process::ExitCode;

/// A request allocates many small objects, and frees them on another thread than it allocated them on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    vestibule::cli::run()
}
