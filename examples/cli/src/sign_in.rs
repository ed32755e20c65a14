//! The two ways to sign in.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use oauth2::{
    AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, StandardDeviceAuthorizationResponse, url::Url,
};

use crate::{
    Outcome, http,
    server::{SCOPES, Server, Tokens},
    session::said,
};

fn scopes() -> impl Iterator<Item = Scope> {
    SCOPES.into_iter().map(|scope| Scope::new(scope.into()))
}

/// In a browser on this machine, which comes back to a port that is free (RFC 8252 section 7.3).
///
/// # Errors
/// If the person does not give access.
pub fn in_this_browser(server: &Server) -> Outcome<Tokens> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let back = RedirectUrl::new(format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port()))?;
    let oauth = server.oauth.clone().set_redirect_uri(back);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) =
        oauth.authorize_url(CsrfToken::new_random).add_scopes(scopes()).set_pkce_challenge(challenge).url();
    println!("Open this in your browser:\n\n  {url}\n");
    open(&url);
    let answer = wait(&listener)?;
    let one = |name: &str| answer.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned());
    // The answer to this request (RFC 6749 section 10.12), of this server (RFC 9207).
    if one("state").as_ref() != Some(state.secret()) || one("iss").as_ref() != Some(&server.issuer) {
        return Err("The answer belongs to another request.".into());
    }
    let Some(code) = one("code") else {
        return Err(one("error_description").unwrap_or_else(|| "The answer has no code.".into()).into());
    };
    let request = oauth.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
    request.request(&http::send).map_err(|error| said(&error).into())
}

/// In a browser anywhere, by a code that the person enters there (RFC 8628).
///
/// # Errors
/// If the person does not give access.
pub fn on_another_device(server: &Server) -> Outcome<Tokens> {
    let request = server.oauth.exchange_device_code().add_scopes(scopes());
    let codes: StandardDeviceAuthorizationResponse = request.request(&http::send).map_err(|error| said(&error))?;
    println!("Open {} on any device, and enter the code {}.", **codes.verification_uri(), codes.user_code().secret());
    let tokens = server.oauth.exchange_device_access_token(&codes).request(&http::send, thread::sleep, None);
    tokens.map_err(|error| said(&error).into())
}

/// Opens `url` in a browser. If that does not work, the person does.
fn open(url: &Url) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _opened = Command::new(program).arg(url.as_str()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

/// Waits until the browser comes back, and returns where to.
fn wait(listener: &TcpListener) -> Outcome<Url> {
    loop {
        let (stream, _) = listener.accept()?;
        if let Ok(Some(url)) = asked(stream) {
            return Ok(url);
        }
    }
}

/// Answers one request of the browser. Returns its URL if it is that of the answer.
fn asked(mut stream: TcpStream) -> Outcome<Option<Url>> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(std::io::Read::take(&stream, 16_384)).read_line(&mut line)?;
    let path = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let url = Url::parse("http://127.0.0.1")?.join(path)?;
    let (status, text) = match url.path() {
        "/callback" => ("200 OK", "You can close this page."),
        _ => ("404 Not Found", "There is nothing here."),
    };
    let length = text.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n");
    write!(stream, "{head}connection: close\r\n\r\n{text}")?;
    Ok((url.path() == "/callback").then_some(url))
}
