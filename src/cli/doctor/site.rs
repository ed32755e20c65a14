//! The server by itself, and the site as browsers reach it: name, address, TLS, proxy and clock.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;
use uuid::Uuid;

use super::{
    certificate::validity,
    client::{Answer, Failed, get, get_with},
    report::Report,
};
use crate::{
    app::identity::{CHALLENGE, IDENTITY},
    settings::{Hsts, ListenAddress, Settings},
};

/// How far two clocks may be apart before it is told, and before codes of authenticator apps fail.
pub(super) const CLOCK_WARNING: Duration = Duration::seconds(5);
pub(super) const CLOCK_PROBLEM: Duration = Duration::seconds(30);
/// A page that needs no account, and a document that a proxy may be tempted to compress.
const PAGE: &str = "/sign-in";
const DOCUMENT: &str = "/api/v1/openapi.json";
/// The status of an answer for a host that the server does not serve.
const MISDIRECTED: u16 = 421;

/// Looks at the server's own address, then at its public URL.
pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let public = &settings.server.public_url;
    let direct = &local(&settings.server.address);
    // Each time another one, so that no cache answers.
    let challenge = format!("{CHALLENGE}: {}\r\n", Uuid::now_v7().simple());
    let (found, identity) = server((public, direct), &challenge, report).await;
    let ready = get_with(&at(public, "/readyz"), None, &challenge).await;
    let answer = match ready {
        Ok(answer) => answer,
        Err(failed) => return unreachable(public, &failed, report),
    };
    if let Some(der) = &answer.certificate {
        certificate(der, report);
    }
    clock(&answer, report);
    if !is_ours(&answer) {
        let (status, host) = (answer.status, settings.origin());
        let what = format!("{host}/readyz answers {status}, which is not this server");
        return report.problem(
            "site",
            what,
            if status == 502 || status == 503 || status == 504 {
                "The proxy does not reach the server: compare its upstream address with server.address."
            } else {
                "Look at what the name leads to, and at the proxy's configuration."
            },
        );
    }
    if let Some(identity) = identity
        && !is_same(&identity, &answer, settings, report)
    {
        return;
    }
    if found == Found::Misdirected {
        report.skipped("proxy", "the server itself refuses the host, whatever the proxy does");
    } else {
        pages(settings, report).await;
    }
    if found == Found::Ours {
        compression(public, direct, report).await;
    }
    if public.scheme() == "https" && public.port().is_none() {
        redirect(public, report).await;
    }
}

/// What answers at the server's own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing, or another program.
    Nothing,
    /// This server, which serves the host of the public URL.
    Ours,
    /// This server, which was started with another public URL.
    Misdirected,
}

/// The address at which this machine reaches a server that listens on `address`.
fn local(address: &ListenAddress) -> ListenAddress {
    let Some(address) = address.tcp() else { return address.clone() };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port()).into()
}

fn at(public: &Url, path: &str) -> Url {
    let mut url = public.clone();
    url.set_path(path);
    url
}

/// `url` without TLS, for the server itself, which a proxy reaches without.
fn plain(url: &Url) -> Url {
    let mut url = url.clone();
    // The scheme of a URL with a host can be changed between these two.
    let _ = url.set_scheme("http");
    url
}

fn is_ours(answer: &Answer) -> bool {
    answer.status == 200 && answer.body.starts_with(b"ready")
        || answer.status == 503 && answer.body.starts_with(b"not ")
}

/// Whether the site, whose answer this is, is the server that gave the answer `identity` itself. An older version gives
/// none.
fn is_same(identity: &str, answer: &Answer, settings: &Settings, report: &mut Report) -> bool {
    const CHECK: &str = "site";
    let origin = settings.origin();
    match answer.header(IDENTITY) {
        Some(theirs) if theirs == identity => true,
        Some(_) => {
            let message = format!("{origin} leads to another vestibule, which has another database");
            let advice = "Look at what the name leads to, and at the proxy's upstream address.";
            report.problem(CHECK, message, advice);
            false
        }
        // One that is not ready cannot say.
        None if answer.status != 200 => true,
        None => {
            let message = format!("{origin} does not say that it is this server");
            let advice = "An older vestibule answers there, or the proxy removes the header Vestibule-Identity.";
            report.warning(CHECK, message, advice);
            true
        }
    }
}

/// Whether the server runs, and serves the host of the public URL, and how it identifies itself.
async fn server(
    (public, address): (&Url, &ListenAddress),
    challenge: &str,
    report: &mut Report,
) -> (Found, Option<String>) {
    let answer = get_with(&plain(&at(public, "/readyz")), Some(address), challenge).await;
    let identity = answer.as_ref().ok().and_then(|answer| answer.header(IDENTITY)).map(str::to_owned);
    (state((public, address), answer, report).await, identity)
}

/// What the answer at `address` says of the server.
async fn state(
    (public, address): (&Url, &ListenAddress),
    answer: Result<Answer, Failed>,
    report: &mut Report,
) -> Found {
    const CHECK: &str = "server";
    match answer {
        // Readiness is told on every host.
        Ok(answer) if is_ours(&answer) && refuses(public, address).await => {
            let host = public.host_str().unwrap_or_default();
            let message = format!("it runs at {address} with another server.public_url and refuses {host} (421)");
            report.problem(CHECK, message, "Restart it, so that it reads its settings again.");
            Found::Misdirected
        }
        Ok(answer) if is_ours(&answer) && answer.status == 200 => {
            report.ok(CHECK, format!("it runs at {address} and is ready"));
            Found::Ours
        }
        Ok(answer) if is_ours(&answer) => {
            let advice = "Its log says why: event=\"write_failed\", or \"not ready\" with the database's own words.";
            report.problem(CHECK, format!("it runs at {address} and is not ready"), advice);
            Found::Ours
        }
        Ok(answer) => {
            let advice = "Set LEPTOS_SITE_ADDR to a free port, or stop the other program.";
            report.problem(CHECK, format!("another program answers at {address} ({})", answer.status), advice);
            Found::Nothing
        }
        Err(Failed::Answer(error)) => {
            // `serve --local-https` speaks TLS itself.
            report.skipped(CHECK, format!("{address} does not speak http: {error}"));
            Found::Nothing
        }
        Err(failed) => {
            let advice = "Start it and look at its log (systemctl status vestibule). Run this command on the server's \
                          machine, with the server's environment and as its user.";
            report.problem(CHECK, format!("it does not answer at {address}: {}", words(&failed)), advice);
            Found::Nothing
        }
    }
}

/// Whether the server at `address` does not serve the host of the public URL.
async fn refuses(public: &Url, address: &ListenAddress) -> bool {
    let answer = get(&plain(&at(public, PAGE)), Some(address)).await;
    answer.is_ok_and(|answer| answer.status == MISDIRECTED)
}

/// What went wrong, without the address, which is told beside it.
fn words(failed: &Failed) -> &str {
    match failed {
        Failed::Name(error) | Failed::Tls(error) | Failed::Answer(error) | Failed::Connection(_, error) => error,
    }
}

/// Why browsers cannot reach the site.
fn unreachable(public: &Url, failed: &Failed, report: &mut Report) {
    let host = public.host_str().unwrap_or_default();
    match failed {
        Failed::Name(error) => {
            let advice = "Add an A or AAAA record for it, or mend server.public_url.";
            report.problem("name", format!("{host} cannot be resolved: {error}"), advice);
        }
        Failed::Connection(address, error) => {
            let advice = "Start the proxy, and open the port in the firewall. If this machine cannot reach itself by \
                          its public address, run the command with an entry for the name in /etc/hosts.";
            report.problem("site", format!("nobody answers at {address} ({host}): {error}"), advice);
        }
        Failed::Tls(error) => {
            let advice = "Renew or replace the certificate at the proxy; the chain must be whole and name this host. An \
                          authority of your own is named by SSL_CERT_FILE.";
            report.problem("certificate", format!("{host} is refused: {error}"), advice);
        }
        Failed::Answer(error) => {
            let advice = "Look at the proxy's log.";
            report.problem("site", format!("{host} gives no answer: {error}"), advice);
        }
    }
}

/// Warns before a certificate ends: most are renewed when a third of their time is left.
fn certificate(der: &[u8], report: &mut Report) {
    const CHECK: &str = "certificate";
    let Some([from, until]) = validity(der) else {
        return report.skipped(CHECK, "it is trusted; when it ends cannot be read");
    };
    let left = until - OffsetDateTime::now_utc();
    let (day, days) = (until.date(), left.whole_days());
    if left < (until - from) / 6 {
        let advice = "It should have been renewed by now: look at the log of what renews it.";
        let message = format!("it ends on {day}, in {days} days");
        if left < Duration::days(1) {
            return report.problem(CHECK, message, advice);
        }
        return report.warning(CHECK, message, advice);
    }
    report.ok(CHECK, format!("it is trusted, and ends on {day}, in {days} days"));
}

/// Compares the clocks.
fn clock(answer: &Answer, report: &mut Report) {
    let sent = answer.header("date").map(|date| date.replace("GMT", "+0000"));
    let Some(theirs) = sent.and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()) else {
        return report.skipped("clock", "the site's answer has no Date");
    };
    // It is cut to the second.
    compare_clocks("the site", theirs + Duration::milliseconds(500) - OffsetDateTime::now_utc(), report);
}

/// Says how far the clock of `whose` is ahead of this machine's.
pub(super) fn compare_clocks(whose: &str, ahead: Duration, report: &mut Report) {
    const CHECK: &str = "clock";
    let off = ahead.abs();
    let way = if ahead.is_negative() { "behind" } else { "ahead of" };
    let message = format!("that of {whose} is {:.1} seconds {way} this machine's", off.as_seconds_f64());
    let advice = "Synchronize both by NTP: codes of authenticator apps, passkeys and tokens depend on the time.";
    if off > CLOCK_PROBLEM {
        report.problem(CHECK, message, advice);
    } else if off > CLOCK_WARNING {
        report.warning(CHECK, message, advice);
    } else {
        report.ok(CHECK, format!("that of {whose} agrees with this machine's"));
    }
}

/// Whether the proxy passes on the host, and the headers of the answer.
async fn pages(settings: &Settings, report: &mut Report) {
    const CHECK: &str = "proxy";
    let url = at(&settings.server.public_url, PAGE);
    let answer = match get(&url, None).await {
        Ok(answer) => answer,
        Err(failed) => return report.problem(CHECK, format!("{url}: {}", words(&failed)), "Look at its log."),
    };
    match answer.status {
        200 => report.ok("site", format!("{} is served", settings.origin())),
        MISDIRECTED => report.problem(
            CHECK,
            "it does not pass on the Host header as it came (421)",
            "nginx: proxy_set_header Host $host. Apache: ProxyPreserveHost On.",
        ),
        status => {
            let advice = "A redirect, a password or a cache of the proxy is in the way; or ask the server's log.";
            report.problem(CHECK, format!("{url} answers {status}"), advice);
        }
    }
    let expected = settings.server.hsts != Hsts::Off && url.scheme() == "https";
    if answer.status == 200 && expected && answer.header("strict-transport-security").is_none() {
        let advice = "Let it pass on the headers of answers, or set server.hsts = \"off\" if it adds its own.";
        report.warning(CHECK, "it removes Strict-Transport-Security from answers", advice);
    }
}

/// Whether the proxy changes answers of the API, whose `ETag` then no longer fit.
async fn compression(public: &Url, direct: &ListenAddress, report: &mut Report) {
    const CHECK: &str = "compression";
    let url = at(public, DOCUMENT);
    let (Ok(ours), Ok(theirs)) = (get(&plain(&url), Some(direct)).await, get(&url, None).await) else {
        return report.skipped(CHECK, format!("{DOCUMENT} cannot be compared"));
    };
    if (ours.status, theirs.status) != (200, 200) {
        let message = format!("{DOCUMENT} is {} of the server and {} of the site", ours.status, theirs.status);
        return report.skipped(CHECK, message);
    }
    let coding = |answer: &Answer| answer.header("content-encoding").unwrap_or("identity").to_owned();
    if (coding(&ours), ours.header("etag")) == (coding(&theirs), theirs.header("etag")) {
        return report.ok(CHECK, "the proxy passes on answers of the API as they are");
    }
    let advice = "Switch compression off for /api and /session/v1: a changed answer loses its ETag.";
    report.problem(CHECK, format!("the proxy changes {DOCUMENT} ({} → {})", coding(&ours), coding(&theirs)), advice);
}

/// Whether http leads to https.
async fn redirect(public: &Url, report: &mut Report) {
    const CHECK: &str = "redirect";
    match get(&plain(&at(public, "/")), None).await {
        Err(_) => report.ok(CHECK, "nobody answers on port 80"),
        Ok(answer) if answer.header("location").is_some_and(|to| to.starts_with("https://")) => {
            report.ok(CHECK, "http leads to https");
        }
        Ok(answer) => {
            let advice = "Redirect every path to https at the proxy.";
            report.warning(CHECK, format!("http answers {} and does not lead to https", answer.status), advice);
        }
    }
}
