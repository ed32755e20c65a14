//! The binary: reads the command line and runs it.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule::cli::run()
}
