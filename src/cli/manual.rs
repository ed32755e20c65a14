//! `vestibule completions` and `vestibule man`: what shells and `man` know about the commands.

use std::{fs, path::PathBuf};

use clap::{Args, Command, ValueEnum};
use clap_complete::{generate, shells};

use super::{failure::Failure, output::print};

const NAME: &str = "vestibule";

/// Options of `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    /// source <(vestibule completions bash)
    Bash,
    /// vestibule completions zsh >"${fpath[1]}/_vestibule"
    Zsh,
    /// vestibule completions fish >~/.config/fish/completions/vestibule.fish
    Fish,
}

impl Completions {
    /// Prints the shell's script for `command`.
    pub(super) fn run(self, mut command: Command) {
        let mut script = Vec::new();
        match self.shell {
            Shell::Bash => generate(shells::Bash, &mut command, NAME, &mut script),
            Shell::Zsh => generate(shells::Zsh, &mut command, NAME, &mut script),
            Shell::Fish => generate(shells::Fish, &mut command, NAME, &mut script),
        }
        print(String::from_utf8_lossy(&script).trim_end());
    }
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder to write them to, such as /usr/local/share/man/man1; it is created
    folder: PathBuf,
}

impl Man {
    /// Writes a page for each command of `command`.
    pub(super) fn run(self, command: Command) -> Result<(), Failure> {
        let shown = self.folder.display();
        let failed = |error: std::io::Error| Failure::machine(format!("{shown}: {error}"));
        fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(command, &self.folder).map_err(failed)?;
        print(&format!("The manual is in {shown}: man {shown}/{NAME}.1"));
        Ok(())
    }
}
