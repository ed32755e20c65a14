//! What systemd is told (`Type=notify`): that the server is ready, that it stops, and that it is alive
//! (`sd_notify(3)`). A line to a socket whose name is in the environment.

use std::{
    env, io,
    os::unix::net::{SocketAddr, UnixDatagram},
    time::Duration,
};

const SOCKET: &str = "NOTIFY_SOCKET";

/// Tells systemd `state`, such as `READY=1`, if it runs this server and wants to know.
pub(super) fn notify(state: &str) {
    let Some(name) = env::var(SOCKET).ok().filter(|name| !name.is_empty()) else { return };
    if let Err(error) = send(&name, state) {
        tracing::warn!(%error, "systemd cannot be told {state}");
    }
}

fn send(name: &str, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.send_to_addr(state.as_bytes(), &address(name)?)?;
    Ok(())
}

/// A path, or a name in Linux's abstract namespace, which begins with `@`.
fn address(name: &str) -> io::Result<SocketAddr> {
    match name.strip_prefix('@') {
        Some(name) => abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

#[cfg(target_os = "linux")]
fn abstract_name(name: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_name(_: &str) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Tells systemd that the server is alive, twice in the time after which systemd would restart it (`WatchdogSec=`).
/// Does not return if there is such a time.
pub(super) async fn keep_alive() {
    let Some(time) = watchdog(|name| env::var(name).ok(), std::process::id()) else { return };
    let mut ticks = tokio::time::interval(time / 2);
    loop {
        ticks.tick().await;
        notify("WATCHDOG=1");
    }
}

/// The time after which systemd restarts a server that it does not hear from, if it is this process that it means.
fn watchdog(variable: impl Fn(&str) -> Option<String>, ours: u32) -> Option<Duration> {
    let meant = variable("WATCHDOG_PID").is_none_or(|id| id.parse() == Ok(ours));
    let time = variable("WATCHDOG_USEC")?.parse().ok().map(Duration::from_micros)?;
    (meant && !time.is_zero()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_arrives_at_either_kind_of_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let (by_path, mut said) = (UnixDatagram::bind(&path).unwrap(), [0; 32]);
        send(path.to_str().unwrap(), "READY=1").unwrap();
        let length = by_path.recv(&mut said).unwrap();
        assert_eq!(&said[..length], b"READY=1");
        let name = format!("@vestibule-test-{}", std::process::id());
        let by_name = UnixDatagram::bind_addr(&address(&name).unwrap()).unwrap();
        send(&name, "STOPPING=1").unwrap();
        let length = by_name.recv(&mut said).unwrap();
        assert_eq!(&said[..length], b"STOPPING=1");
    }

    #[test]
    fn only_the_process_that_is_watched_is_kept_alive() {
        let of = |pid: Option<&str>, time: Option<&str>| {
            let (pid, time) = (pid.map(str::to_owned), time.map(str::to_owned));
            watchdog(|name| if name == "WATCHDOG_PID" { pid.clone() } else { time.clone() }, 7)
        };
        assert_eq!(of(Some("7"), Some("30000000")), Some(Duration::from_secs(30)));
        assert_eq!(of(None, Some("1000000")), Some(Duration::from_secs(1)));
        for (pid, time) in [(Some("8"), Some("30000000")), (None, None), (None, Some("0")), (None, Some("soon"))] {
            assert_eq!(of(pid, time), None, "{pid:?} {time:?}");
        }
    }
}
