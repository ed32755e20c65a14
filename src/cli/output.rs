//! What commands print.

use std::{
    io::{self, ErrorKind, Write, stderr, stdout},
    sync::OnceLock,
};

use clap::Args;
use serde::Serialize;

use super::failure::Failure;

/// Why something could not be printed, such as a full disk.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a line. If nobody reads it, as after `| head`, it is lost; any other error is told by [`all_printed`].
pub(super) fn print(line: &str) {
    let mut stdout = stdout().lock();
    if let Err(error) = writeln!(stdout, "{line}").and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first error is the one to tell.
        let _ = LOST.set(error);
    }
}

/// Prints a line of a server, which goes on if it is lost.
pub(super) fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

/// Fails if something was not printed. It is asked at the end, so that nothing is left half done for that.
pub(super) fn all_printed() -> Result<(), Failure> {
    let Some(error) = LOST.get() else { return Ok(()) };
    Err(Failure::machine(format!("the output cannot be written: {error}. What the command has changed stays changed")))
}

/// Prints a JSON document.
pub(super) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(document).map_err(Failure::machine)?);
    Ok(())
}

/// Prints a table. Each column is as wide as its widest cell.
pub(super) fn print_table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) {
    let head = head.map(str::to_owned);
    let width = |column: usize| {
        [&head].into_iter().chain(&rows).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in [&head].into_iter().chain(&rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        print(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// Prints a line to stderr, for people at the terminal, so that scripts that read stdout do not see it.
pub(super) fn eprint(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Prints the error that ends the program, in one line.
pub(super) fn print_error(text: &str) {
    // The config crate draws the place of a syntax error over several lines; the message names line and column as well.
    let margin = |line: &str| line.split_once('|').map(|(margin, _)| margin.to_owned());
    let drawn = |line: &str| margin(line).is_some_and(|text| text.chars().all(|c| c == ' ' || c.is_ascii_digit()));
    let lines: Vec<_> = text.lines().filter(|line| !drawn(line)).map(str::trim).collect();
    eprint(&format!("vestibule: {}", lines.join(" ")));
}

/// How many rows a command lists.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Limit {
    /// How many to list, at most 10000
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

impl Limit {
    /// How many rows to read: one more than is shown, which tells whether there are more.
    pub(super) fn to_read(self) -> u32 {
        self.limit + 1
    }

    /// Removes the rows that are not shown, and says on stderr how to see them.
    pub(super) fn cut<T>(self, rows: &mut Vec<T>, how: &str) {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if rows.len() > limit {
            rows.truncate(limit);
            eprint(&format!("There are more than {limit}. {how}"));
        }
    }
}
