//! A test that every command the documents name is one that there is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Parser, error::ErrorKind};

use super::Cli;

/// What people read, relative to the manifest.
const PLACES: [&str; 3] = ["README.md", "docs", "deploy"];
/// How documents call the binary.
const NAMES: [&str; 5] = ["vestibule", "./vestibule", "vestibulectl", "dist/vestibule", "/vestibule"];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|end| ["md", "yaml", "yml", "service", "env"].iter().any(|one| end == *one))
    {
        found.push(path.to_owned());
    }
}

/// The words of the command in `text` that begins after the binary's name, as a shell would split them.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            // `2>` redirects; what is in brackets may be left out.
            (None, '>') => {
                word = word.filter(|word| word != "2");
                break;
            }
            (None, '|' | '<' | '&' | ';' | ')' | '[' | '`' | '\\') => break,
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Whether the word after `word` is the name of a command.
fn begins_after(word: &str) -> bool {
    word.is_empty()
        || word.contains('=')
        || ["sudo", "$", "&&", "|", "--"].contains(&word)
        || word.ends_with(['(', ';'])
}

/// Every command of the binary in `text`, with whether it is a line of a script.
fn commands(text: &str) -> Vec<(bool, Vec<String>)> {
    let (mut found, mut script) = (Vec::new(), false);
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            script = ["sh", "console", "bash"].contains(&language);
            continue;
        }
        let parts: Vec<&str> = if script { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        for part in parts {
            let (mut at, mut before) = (0, "");
            for word in part.split_inclusive(' ') {
                at += word.len();
                // In a container the file is called by its path, whatever stands before it.
                if NAMES.contains(&word.trim()) && (begins_after(before) || word.starts_with('/')) {
                    found.push((script, words(&part[at..])));
                }
                before = word.trim();
            }
        }
    }
    found
}

#[test]
fn documents_name_no_command_or_option_that_is_not_there() {
    let (root, mut documents) = (Path::new(env!("CARGO_MANIFEST_DIR")), Vec::new());
    for place in PLACES {
        files(&root.join(place), &mut documents);
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for document in documents {
        for (script, command) in commands(&fs::read_to_string(&document).unwrap()) {
            count += 1;
            let Err(error) = Cli::try_parse_from(["vestibule".to_owned()].iter().chain(&command)) else { continue };
            let fault = match error.kind() {
                ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => true,
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::ValueValidation => false,
                // A sentence may name a command without all that it needs.
                _ => script,
            };
            if fault {
                let shown = document.strip_prefix(root).unwrap_or(&document).display();
                wrong.push(format!("{shown}: vestibule {}: {:?}", command.join(" "), error.kind()));
            }
        }
    }
    assert!(count > 150, "only {count} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_are_found_where_they_stand() {
    let text =
        "Run `vestibule mail list` or `sudo ./vestibule x`.\n```sh\nA=b ./vestibule log --json | head # all\n```\n";
    let found: Vec<_> = commands(text).into_iter().map(|(script, words)| (script, words.join(" "))).collect();
    let expected = [(false, "mail list"), (false, "x"), (true, "log --json")];
    assert_eq!(found, expected.map(|(script, words)| (script, words.to_owned())));
}
