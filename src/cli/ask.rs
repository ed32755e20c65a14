//! What is asked of whoever sits at the terminal. Secrets come from there or from stdin, never from an argument, which
//! every other user of the machine could read.

use std::io::{BufRead, IsTerminal, stderr, stdin};

use super::{Failure, house::House};

/// A new password: typed twice without being shown, or the first line of stdin.
pub(super) fn new_password() -> Result<String, Failure> {
    if !stdin().is_terminal() {
        return line();
    }
    let prompt = |text: &str| rpassword::prompt_password(text).map_err(Failure::machine);
    let password = prompt("Password: ")?;
    if password == prompt("Once more: ")? {
        Ok(password)
    } else {
        Err(Failure::asked("the two passwords are not the same"))
    }
}

/// Makes sure that what cannot be undone is meant: by `yes`, or by typing `word` at the terminal.
pub(super) fn sure(house: &House, yes: bool, what: &str, word: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::asked(format!("{what}. Add --yes if you mean it")));
    }
    house.introduce();
    super::output::remark(&format!("{what}. Type {word} to go on:"));
    if line()? == word { Ok(()) } else { Err(Failure::asked("nothing was done")) }
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(Failure::machine)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
