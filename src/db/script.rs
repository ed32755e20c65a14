//! The script that `pg_restore` writes from a backup: statements, and between them the rows of `COPY`.

use std::io::{self, BufRead, ErrorKind};

/// How many bytes of rows are handed on at once.
const CHUNK: usize = 1 << 16;
/// The end of the rows of a `COPY`.
const END: &[u8] = b"\\.\n";

/// A part of the script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Statements.
    Sql(String),
    /// The `COPY` that takes the rows that follow.
    Copy(String),
    /// Whole rows.
    Rows(Vec<u8>),
    /// There are no more rows.
    End,
}

/// Gives each part of `script` to `take`, until that returns false.
pub(super) fn parts(mut script: impl BufRead, mut take: impl FnMut(Part) -> bool) -> io::Result<()> {
    let (mut statements, mut line, mut head) = (Vec::new(), Vec::new(), Head::default());
    loop {
        line.clear();
        if script.read_until(b'\n', &mut line)? == 0 {
            take(Part::Sql(text(statements)?));
            return Ok(());
        }
        if line.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;\n") {
            let before = Part::Sql(text(std::mem::take(&mut statements))?);
            let copy = Part::Copy(text(line.clone())?);
            if !(take(before) && take(copy) && rows(&mut script, &mut take)?) {
                return Ok(());
            }
        } else if !head.leaves_out(&line) {
            statements.extend_from_slice(&line);
        }
    }
}

/// Lines that the database does not understand: `\restrict` and its counterpart, which are for `psql`, and a setting
/// that PostgreSQL has since 17. What a person wrote may look like them, but not before the first table.
#[derive(Default)]
struct Head {
    is_over: bool,
    unrestrict: Vec<u8>,
}

impl Head {
    fn leaves_out(&mut self, line: &[u8]) -> bool {
        if self.is_over {
            return !self.unrestrict.is_empty() && line == self.unrestrict;
        }
        if let Some(key) = line.strip_prefix(b"\\restrict ") {
            self.unrestrict = [&b"\\unrestrict "[..], key].concat();
            return true;
        }
        let starts = [&b"--"[..], b"\n", b"SET ", b"SELECT pg_catalog.set_config("];
        self.is_over = !starts.iter().any(|start| line.starts_with(start));
        line == b"SET transaction_timeout = 0;\n"
    }
}

/// Whether `take` wants more after the rows.
fn rows(script: &mut impl BufRead, take: &mut impl FnMut(Part) -> bool) -> io::Result<bool> {
    let mut rows = Vec::new();
    loop {
        let begin = rows.len();
        if script.read_until(b'\n', &mut rows)? == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ends in the middle of a table"));
        }
        if rows[begin..] == *END {
            rows.truncate(begin);
            return Ok(take(Part::Rows(rows)) && take(Part::End));
        }
        if rows.len() >= CHUNK && !take(Part::Rows(std::mem::take(&mut rows))) {
            return Ok(false);
        }
    }
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

/// At which place the rows of the `COPY` `statement` have the column `name`, if it is one of `table`.
pub(super) fn column(statement: &str, table: &str, name: &str) -> Option<usize> {
    let (relation, rest) = statement.strip_prefix("COPY ")?.split_once(" (")?;
    if relation.rsplit('.').next() != Some(table) {
        return None;
    }
    let (columns, _) = rest.split_once(')')?;
    columns.split(", ").position(|column| column == name)
}

/// The numbers at the place `column` of `rows`.
pub(super) fn numbers(rows: &[u8], column: usize) -> Vec<i64> {
    let number = |row: &[u8]| {
        let cell = row.split(|byte| *byte == b'\t').nth(column)?;
        std::str::from_utf8(cell).ok()?.parse().ok()
    };
    rows.split(|byte| *byte == b'\n').filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "--\n\n\\restrict x\n\nSET a = 1;\nSET transaction_timeout = 0;\nCREATE TABLE t (b text);\n\
                          SELECT '\nSET transaction_timeout = 0;\n\\restrict x\n';\n\
                          COPY public.t (b, version) FROM stdin;\nCOPY x FROM stdin;\t1\n\\\\.\t22\n\\.\n\n\
                          ALTER TABLE t ADD PRIMARY KEY (b);\n\\unrestrict x\n";

    fn all(script: &str) -> (Vec<Part>, io::Result<()>) {
        let mut found = Vec::new();
        let read = parts(script.as_bytes(), |part| {
            found.push(part);
            true
        });
        (found, read)
    }

    #[test]
    fn rows_are_told_from_statements() {
        let (found, read) = all(SCRIPT);
        read.unwrap();
        let rows = b"COPY x FROM stdin;\t1\n\\\\.\t22\n";
        let copy = "COPY public.t (b, version) FROM stdin;\n";
        assert_eq!(
            found,
            [
                Part::Sql(
                    "--\n\n\nSET a = 1;\nCREATE TABLE t (b text);\nSELECT '\nSET transaction_timeout = \
                     0;\n\\restrict x\n';\n"
                        .into()
                ),
                Part::Copy(copy.into()),
                Part::Rows(rows.to_vec()),
                Part::End,
                Part::Sql("\nALTER TABLE t ADD PRIMARY KEY (b);\n".into()),
            ]
        );
        assert_eq!((column(copy, "t", "version"), column(copy, "tt", "version")), (Some(1), None));
        assert_eq!(numbers(rows, 1), [1, 22]);
    }

    #[test]
    fn rows_without_an_end_are_an_error() {
        let (half, _) = SCRIPT.split_once("\\.\n\n").unwrap();
        assert!(all(half).1.is_err());
    }

    #[test]
    fn whoever_wants_no_more_gets_no_more() {
        let mut count = 0;
        parts(SCRIPT.as_bytes(), |_| {
            count += 1;
            count < 2
        })
        .unwrap();
        assert_eq!(count, 2);
    }

    #[test]
    fn many_rows_come_in_pieces_of_whole_rows() {
        let rows = "0123456789\n".repeat(20_000);
        let (found, _) = all(&format!("COPY t (a) FROM stdin;\n{rows}\\.\n"));
        let pieces: Vec<_> =
            found.iter().filter_map(|part| if let Part::Rows(rows) = part { Some(rows) } else { None }).collect();
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| piece.is_empty() || piece.ends_with(b"9\n")));
        assert_eq!(pieces.into_iter().flatten().copied().collect::<Vec<_>>(), rows.as_bytes());
    }
}
