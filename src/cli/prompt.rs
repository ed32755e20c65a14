//! Questions at the terminal. Secrets are read from there or from stdin, never from an argument, which every other user
//! of the machine could read.

use std::io::{BufRead, IsTerminal, stderr, stdin};

use secrecy::{ExposeSecret, SecretString};

use super::{context::Context, failure::Failure, output::eprint};

/// Reads a new password: typed twice without being shown, or the first line of stdin.
pub(super) fn new_password() -> Result<SecretString, Failure> {
    if !stdin().is_terminal() {
        return Ok(line()?.into());
    }
    let prompt = |text: &str| rpassword::prompt_password(text).map(SecretString::from).map_err(Failure::machine);
    let password = prompt("Password: ")?;
    if password.expose_secret() == prompt("Repeat password: ")?.expose_secret() {
        Ok(password)
    } else {
        Err(Failure::usage("the passwords do not match"))
    }
}

/// Asks for confirmation of what cannot be undone: by `yes`, or by typing `word` at the terminal. `what` is the
/// sentence that says what will happen, without its full stop.
pub(super) fn confirm(context: &Context, yes: bool, what: &str, word: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::usage(format!("{what}. Add --yes to confirm")));
    }
    context.introduce();
    eprint(&format!("{what}. Type {word} to confirm:"));
    if line()? == word { Ok(()) } else { Err(Failure::usage("not confirmed; nothing was changed")) }
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(Failure::machine)?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}
