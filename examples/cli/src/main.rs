//! A command line that signs in to Vestibule, and lists notes.
//!
//! It never sees a password. It sends the person to a browser: on this machine, which comes back with a code (RFC
//! 8252), or on any other, where they enter a code (RFC 8628). It keeps one refresh token, in a file that only its
//! owner reads.

mod http;
mod notes;
mod server;
mod session;
mod sign_in;

use std::process::ExitCode;

use server::Server;
use session::Session;

/// What goes wrong, in words.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: vestibule-notes sign-in [--device] | list | sign-out

  sign-in           in a browser on this machine
  sign-in --device  with a code that you enter in a browser elsewhere
  list              the titles of your notes
  sign-out          ends the access, and forgets it

VESTIBULE_URL is the server (http://localhost:3000), VESTIBULE_CLIENT the client id (cli), and VESTIBULE_SESSION the
file of the session.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome<()> {
    match arguments {
        ["sign-in"] => sign_in(sign_in::in_this_browser),
        ["sign-in", "--device"] => sign_in(sign_in::on_another_device),
        ["list"] => {
            let (mut session, server) = signed_in()?;
            notes::list(&server, &session.refresh(&server)?)
        }
        ["sign-out"] => {
            let (session, server) = signed_in()?;
            session.end(&server)?;
            println!("Signed out.");
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

fn sign_in(way: fn(&Server) -> Outcome<server::Tokens>) -> Outcome<()> {
    let server =
        Server::discover(&setting("VESTIBULE_URL", "http://localhost:3000"), &setting("VESTIBULE_CLIENT", "cli"))?;
    Session::begin(&server, &way(&server)?)?;
    println!("Signed in. The session is in {}.", session::path()?.display());
    Ok(())
}

fn signed_in() -> Outcome<(Session, Server)> {
    let session = Session::open()?;
    let server = Server::discover(&session.server, &session.client)?;
    Ok((session, server))
}

/// A variable of the environment.
fn setting(name: &str, default: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.into())
}
