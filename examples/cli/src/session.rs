//! The session: a refresh token, in a file that only its owner reads. The access token is kept in memory alone.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use oauth2::{RefreshToken, TokenResponse};
use serde::{Deserialize, Serialize};

use crate::{
    Outcome, http,
    server::{Server, Tokens},
};

/// What is stored.
#[derive(Deserialize, Serialize)]
pub struct Session {
    pub server: String,
    pub client: String,
    refresh_token: String,
}

/// Where it is stored.
///
/// # Errors
/// If there is no home.
pub fn path() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("VESTIBULE_SESSION") {
        return Ok(path.into());
    }
    let folder = match std::env::var_os("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME").ok_or("HOME is not set.")?).join(".config"),
    };
    Ok(folder.join("vestibule-notes/session.json"))
}

impl Session {
    /// Stores the session that `tokens` begin.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub fn begin(server: &Server, tokens: &Tokens) -> Outcome<()> {
        let refresh_token = refresh_token(tokens)?;
        Self { server: server.issuer.clone(), client: server.client.clone(), refresh_token }.save()
    }

    /// # Errors
    /// If there is none.
    pub fn open() -> Outcome<Self> {
        let text = fs::read(path()?).map_err(|_| "Nobody is signed in. Run: vestibule-notes sign-in")?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// A new access token. The refresh token is replaced by its successor, before anything else is done with it.
    ///
    /// # Errors
    /// If the access has ended.
    pub fn refresh(&mut self, server: &Server) -> Outcome<String> {
        let token = RefreshToken::new(self.refresh_token.clone());
        let tokens = server.oauth.exchange_refresh_token(&token).request(&http::send);
        let tokens = tokens.map_err(|error| format!("The access has ended ({}). Sign in again.", said(&error)))?;
        self.refresh_token = refresh_token(&tokens)?;
        self.save()?;
        Ok(tokens.access_token().secret().clone())
    }

    /// Ends the access at the server, then forgets it.
    ///
    /// # Errors
    /// If the server does not answer, so that the access may go on.
    pub fn end(self, server: &Server) -> Outcome<()> {
        server.revoke(&self.refresh_token)?;
        Ok(fs::remove_file(path()?)?)
    }

    /// Writes a new file and puts it in place of the old one, so that there is a whole one at any time.
    fn save(&self) -> Outcome<()> {
        let path = path()?;
        let new = path.with_extension("new");
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let _none_or_old = fs::remove_file(&new);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        Ok(fs::rename(new, path)?)
    }
}

fn refresh_token(tokens: &Tokens) -> Outcome<String> {
    let token = tokens.refresh_token().ok_or("The server gave no refresh token.")?;
    Ok(token.secret().clone())
}

/// What the server says, or what keeps it from saying anything.
pub fn said<E: std::error::Error, R: oauth2::ErrorResponse>(error: &oauth2::RequestTokenError<E, R>) -> String {
    match error {
        oauth2::RequestTokenError::ServerResponse(response) => format!("{response:?}"),
        other => other.to_string(),
    }
}
