//! What a command says.

use std::io::{Write, stderr, stdout};

use serde::Serialize;

use super::Failure;

/// One line for people. Where nobody reads any more, as with `| head`, it is lost.
pub(super) fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

/// A document for scripts.
pub(super) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    say(&serde_json::to_string_pretty(document).map_err(Failure::machine)?);
    Ok(())
}

/// Rows for people, each column as wide as its widest cell.
pub(super) fn print_table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) {
    let head = head.map(str::to_owned);
    let width = |column: usize| {
        [&head].into_iter().chain(&rows).map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in [&head].into_iter().chain(&rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        say(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// One line for whoever waits at the terminal, out of the way of what a script reads.
pub(super) fn remark(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

/// Why the program ends.
pub(super) fn complain(text: &str) {
    // Of a file that does not parse, libraries draw the place; its line and column are named as well.
    let margin = |line: &str| line.split_once('|').map(|(margin, _)| margin.to_owned());
    let drawn = |line: &str| margin(line).is_some_and(|text| text.chars().all(|c| c == ' ' || c.is_ascii_digit()));
    let lines: Vec<_> = text.lines().filter(|line| !drawn(line)).map(str::trim).collect();
    remark(&format!("vestibule: {}", lines.join(" ")));
}
