//! `vestibule passwords`, and what `check` and `serve` say about breached passwords.

use std::{
    fs::File,
    io::{self, BufReader, IsTerminal, Read, Write, stderr, stdin},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::{
    config::{Config, load},
    failure::Failure,
    output::{eprint, print},
};
use crate::{
    auth::passwords::breached::{BreachedPasswords, Format, Progress, learn, may_be_replaced},
    settings::{Finding, Settings, Severity},
    timestamp::Timestamp,
};

/// The setting with the path of the file.
const SETTING: &str = "passwords.breached";

/// A list that is older than this misses the breaches of a year.
const OLD_DAYS: i64 = 365;

/// How much is read at once, in bytes.
const READ_AT_ONCE: usize = 1 << 20;

/// How often the terminal shows how far reading has come.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// Commands for passwords.
#[derive(Debug, Args)]
pub(super) struct Passwords {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the file of breached passwords, which nobody can choose, from a list of their hashes
    Learn(Learn),
}

#[derive(Debug, Args)]
struct Learn {
    /// The list: SHA1:COUNT on each line, as in the download of Have I Been Pwned; - reads stdin
    #[arg(value_name = "FILE")]
    list: PathBuf,
    /// The list has a password on each line, not its hash
    #[arg(long)]
    plain: bool,
    /// The file to make; that of the setting passwords.breached if left out
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
    /// Keep this many passwords: the most frequent, or the first if the list does not count them
    #[arg(long, value_name = "COUNT", default_value_t = 10_000_000,
          value_parser = clap::value_parser!(u32).range(1..=200_000_000))]
    at_most: u32,
}

impl Passwords {
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        match self.command {
            Command::Learn(learn) => learn.run(config),
        }
    }
}

impl Learn {
    fn run(self, config: &Config) -> Result<(), Failure> {
        let (settings, _) = load(config)?;
        let set = &settings.passwords.breached;
        let to = match self.to {
            Some(to) => to,
            None if set.is_empty() => {
                return Err(Failure::usage(format!("{SETTING} is not set; set it, or add --to PATH")));
            }
            None => set.into(),
        };
        // Before hours of reading.
        may_be_replaced(&to).map_err(Failure::usage)?;
        let (list, size) = opened(&self.list)?;
        let format = if self.plain { Format::Plain } else { Format::Sha1 };
        let most = usize::try_from(self.at_most).map_err(Failure::usage)?;
        let mut shown = Shown { size, last: None };
        let name = self.list.display();
        let learned = learn(BufReader::with_capacity(READ_AT_ONCE, list), format, most, |read| shown.show(read));
        shown.clear();
        let learned = learned.map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        let bytes = learned.write(&to, now()).map_err(Failure::machine)?;
        print(&format!(
            "Made {} ({} bytes) from {name}. Passwords kept: {}. Lines read: {}.",
            to.display(),
            grouped(bytes as u64),
            grouped(learned.count() as u64),
            grouped(learned.lines)
        ));
        if learned.skipped > 0 {
            eprint(&format!("Lines that hold nothing that can be chosen here: {}.", grouped(learned.skipped)));
        }
        if Path::new(set) == to {
            eprint("Restart the server to use it.");
        } else {
            eprint(&format!("To use it, set {SETTING} to its path and restart the server."));
        }
        Ok(())
    }
}

/// The list, and how many bytes it has if it is a file.
fn opened(list: &Path) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    if list == Path::new("-") {
        return Ok((Box::new(stdin().lock()), None));
    }
    let failed = |error: io::Error| Failure::usage(format!("{} cannot be read: {error}", list.display()));
    let file = File::open(list).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    Ok((Box::new(file), found.is_file().then_some(found.len())))
}

/// How far reading has come, on one line of the terminal.
struct Shown {
    size: Option<u64>,
    last: Option<Instant>,
}

impl Shown {
    fn show(&mut self, Progress { lines, bytes }: Progress) {
        if !stderr().is_terminal() || self.last.is_some_and(|last| last.elapsed() < SHOWN_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let part = self.size.filter(|size| *size > 0).map(|size| format!(" ({} %)", bytes.saturating_mul(100) / size));
        let _ = write!(stderr(), "\r{} lines{} ", grouped(lines), part.unwrap_or_default());
        let _ = stderr().flush();
    }

    fn clear(&self) {
        if self.last.is_some() {
            let _ = write!(stderr(), "\r{:40}\r", "");
        }
    }
}

/// What is wrong or odd about the file of breached passwords, and a line about it.
pub(super) fn examine(settings: &Settings) -> (Vec<Finding>, String) {
    let found = |severity, message| vec![Finding { severity, key: SETTING, message }];
    match BreachedPasswords::open(&settings.passwords) {
        Err(error) => (found(Severity::Error, error), String::new()),
        Ok(None) => (Vec::new(), format!("Breached passwords are not refused: {SETTING} is not set.")),
        Ok(Some(breached)) => {
            let days = (now() - breached.made()).whole_days();
            let age = match days {
                ..=0 => "today".into(),
                1 => "yesterday".into(),
                days => format!("{days} days ago"),
            };
            let count = grouped(breached.count());
            let line = format!("Breached passwords are refused: {count}, from a file that was made {age}.");
            let old =
                format!("the file was made {age}; make it again from a new list with `vestibule passwords learn`");
            (if days > OLD_DAYS { found(Severity::Advice, old) } else { Vec::new() }, line)
        }
    }
}

fn now() -> Timestamp {
    Timestamp::new(OffsetDateTime::now_utc())
}

/// A number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
    }
}
