//! Where mail arrives: the outbox, and a mail server that keeps what it is given.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Email {
    /// Headers and bodies, with plain line breaks.
    pub raw: String,
}

impl Email {
    /// Reads what was sent.
    pub fn new(raw: &str) -> Self {
        Self { raw: raw.replace("\r\n", "\n") }
    }

    /// The header `name`.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let head = self.raw.split("\n\n").next().unwrap();
        let found: Vec<_> = head.lines().filter_map(|line| line.strip_prefix(&start)).collect();
        assert_eq!(found.len(), 1, "{name} in {head}");
        found[0]
    }

    /// The plain text.
    pub fn text(&self) -> String {
        let (_, part) = self.raw.split_once("Content-Type: text/plain").unwrap();
        let (head, text) = part.split_once("\n\n").unwrap();
        let text = text.split_once("\n--").unwrap().0;
        if !head.contains("quoted-printable") {
            return text.to_owned();
        }
        let decoded = quoted_printable::decode(text, quoted_printable::ParseMode::Robust).unwrap();
        String::from_utf8(decoded).unwrap().replace("\r\n", "\n")
    }

    /// The path of the link that begins with `start`, if the plain text has one.
    pub fn path(&self, start: &str) -> Option<String> {
        let origins = [super::OURS, "https://vestibule.example", "http://vestibule.example:3000"];
        let text = self.text();
        let mut paths = text.lines().flat_map(|line| origins.map(|origin| line.strip_prefix(origin))).flatten();
        paths.find(|path| path.starts_with(start)).map(str::to_owned)
    }
}

/// A mail server on this machine.
#[derive(Clone, Debug)]
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<(Vec<String>, Email)>,
    refusals: VecDeque<String>,
    tries: usize,
}

impl Sink {
    /// One that takes everything.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let kept = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone()));
            }
        });
        Self { address, state }
    }

    /// The setting that leads here.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Answers the next mails with `lines`, one each.
    pub fn refuse(&self, lines: &[&str]) {
        self.state.lock().unwrap().refusals.extend(lines.iter().map(|line| (*line).to_owned()));
    }

    /// How often somebody tried to leave a mail.
    pub fn tries(&self) -> usize {
        self.state.lock().unwrap().tries
    }

    /// What was taken: the commands before it, and the mail.
    pub fn taken(&self) -> Vec<(Vec<String>, Email)> {
        self.state.lock().unwrap().taken.clone()
    }
}

/// RFC 5321, as far as a client of good manners needs it.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink\r\n").await.ok()?;
    let mut commands = Vec::new();
    while let Some(line) = lines.next_line().await.ok()? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        commands.push(line);
        let answer = match verb.as_str() {
            "RCPT" => {
                let mut state = state.lock().unwrap();
                state.tries += 1;
                state.refusals.pop_front().unwrap_or_else(|| "250 ok".into())
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push('\n');
                }
                state.lock().unwrap().taken.push((std::mem::take(&mut commands), Email::new(&raw)));
                "250 taken".into()
            }
            "QUIT" => "221 bye".into(),
            _ => "250 ok".into(),
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}
