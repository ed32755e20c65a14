//! Requests in numbers: by route, door and status, and how long they took.
//!
//! A request is counted by the pattern of its path, such as `/things/{id}`, never by the path itself, so that there
//! are as many series as routes. What has no route is `unmatched`, and a file of the site is `file`. The layer is there
//! only if `metrics.address` is set.

use std::{sync::OnceLock, time::Instant};

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use matchit::Router;

use crate::metrics::{Counter, Gauge, Histogram, Kind, Text};

/// The statuses that are counted each for itself; all others are counted together. 499 is a request whose client has
/// hung up before the response, as nginx has it.
const STATUSES: [u16; 34] = [
    200, 201, 202, 204, 206, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415,
    421, 422, 428, 429, 431, 499, 500, 501, 502, 503, 504,
];
const HUNG_UP: u16 = 499;

/// The requests of this process, if they are counted.
static REQUESTS: OnceLock<Requests> = OnceLock::new();

/// A route: the method, the pattern of the path, and the name of the door.
pub type CountedRoute = (String, String, &'static str);

/// What is known of all requests.
pub struct Requests {
    places: Router<usize>,
    paths: Vec<Path>,
    /// Of paths without a route, for each door.
    unmatched: [Series; 3],
    files: Series,
    in_flight: Gauge,
}

#[derive(Debug)]
struct Path {
    pattern: String,
    methods: Vec<(Method, Series)>,
    /// Of other methods.
    other: Series,
}

#[derive(Debug)]
struct Series {
    door: &'static str,
    statuses: [Counter; STATUSES.len() + 1],
    durations: Histogram,
}

impl Series {
    fn new(door: &'static str) -> Self {
        Self { door, statuses: [const { Counter::new() }; STATUSES.len() + 1], durations: Histogram::new() }
    }

    fn count(&self, status: u16, began: Instant) {
        let place = STATUSES.binary_search(&status).unwrap_or(STATUSES.len());
        self.statuses[place].add_one();
        self.durations.record(began.elapsed());
    }
}

/// Begins to count requests by `routes`. Where it was begun before in this process, that goes on.
pub fn count_by(routes: impl Iterator<Item = CountedRoute>) {
    REQUESTS.get_or_init(|| Requests::new(routes));
}

impl Requests {
    fn new(routes: impl Iterator<Item = CountedRoute>) -> Self {
        let (mut places, mut paths) = (Router::new(), Vec::<Path>::new());
        for (method, pattern, door) in routes {
            let known = paths.iter().position(|path| path.pattern == pattern);
            let place = known.unwrap_or_else(|| {
                // Two patterns that cannot be told apart are not served either.
                let _ = places.insert(pattern.clone(), paths.len());
                paths.push(Path { pattern, methods: Vec::new(), other: Series::new(door) });
                paths.len() - 1
            });
            if let Ok(method) = Method::from_bytes(method.as_bytes())
                && let Some(path) = paths.get_mut(place)
                && !path.methods.iter().any(|(known, _)| *known == method)
            {
                path.methods.push((method, Series::new(door)));
            }
        }
        let unmatched = ["pages", "session", "token"].map(Series::new);
        Self { places, paths, unmatched, files: Series::new("assets"), in_flight: Gauge::new() }
    }

    /// The series of a request.
    fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let found = self.places.at(path).ok().and_then(|found| self.paths.get(*found.value));
        let Some(found) = found else {
            let [pages, session, token] = &self.unmatched;
            let below =
                |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            return Found::None(if below("/api") {
                token
            } else if below("/session") || below("/fn") {
                session
            } else {
                pages
            });
        };
        let is_meant = |known: &Method| known == method || (*known == Method::GET && *method == Method::HEAD);
        Found::Route(found.methods.iter().find(|(known, _)| is_meant(known)).map_or(&found.other, |(_, series)| series))
    }

    fn series(&self) -> impl Iterator<Item = (&str, &str, &Series)> {
        let routes = self.paths.iter().flat_map(|path| {
            let known =
                path.methods.iter().map(move |(method, series)| (path.pattern.as_str(), method.as_str(), series));
            known.chain([(path.pattern.as_str(), "other", &path.other)])
        });
        let unmatched = self.unmatched.iter().map(|series| ("unmatched", "any", series));
        routes.chain(unmatched).chain([("file", "GET", &self.files)])
    }

    /// Writes all that were requested.
    pub fn write(&self, text: &mut Text) {
        text.family("vestibule_http_requests_total", Kind::Counter, "Requests, by route, door and status.");
        for (route, method, series) in self.series() {
            let statuses = STATUSES.map(|status| status.to_string()).into_iter().chain(["other".into()]);
            for (status, counter) in statuses.zip(&series.statuses).filter(|(_, counter)| counter.get() > 0) {
                let labels = [("route", route), ("method", method), ("door", series.door), ("status", status.as_str())];
                text.sample("", &labels, counter.get());
            }
        }
        let name = "vestibule_http_request_duration_seconds";
        text.family(name, Kind::Histogram, "The time from a request's head to its response's head.");
        for (route, method, series) in self.series().filter(|(_, _, series)| series.durations.count() > 0) {
            series.durations.write(text, &[("route", route), ("method", method), ("door", series.door)]);
        }
        text.single(
            "vestibule_http_requests_in_flight",
            Kind::Gauge,
            "Requests whose response has not begun.",
            self.in_flight.get(),
        );
    }
}

/// Writes the requests of this process, if they are counted.
pub fn write(text: &mut Text) {
    if let Some(requests) = REQUESTS.get() {
        requests.write(text);
    }
}

#[derive(Clone, Copy)]
enum Found<'a> {
    Route(&'a Series),
    None(&'a Series),
}

/// Middleware that counts requests. Outside of all others.
pub async fn layer(request: Request, next: Next) -> Response {
    let Some(requests) = REQUESTS.get() else { return next.run(request).await };
    let found = requests.find(request.method(), request.uri().path());
    let _in_flight = requests.in_flight.raised();
    let mut unanswered = Unanswered { found: Some(found), began: Instant::now() };
    let response = next.run(request).await;
    unanswered.found = None;
    // Where no route is, there is a file or nothing.
    let is_file = matches!(found, Found::None(_)) && is_file(response.status());
    let (Found::Route(series) | Found::None(series)) = found;
    let series = if is_file { &requests.files } else { series };
    series.count(response.status().as_u16(), unanswered.began);
    response
}

fn is_file(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT)
}

/// Counts, when dropped, a request whose client has hung up.
struct Unanswered<'a> {
    found: Option<Found<'a>>,
    began: Instant,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(Found::Route(series) | Found::None(series)) = self.found {
            series.count(HUNG_UP, self.began);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Format;

    fn requests() -> Requests {
        let routes = [
            ("GET", "/", "pages"),
            ("GET", "/things/{id}", "pages"),
            ("POST", "/things/{id}", "pages"),
            ("GET", "/api/v1/things/{id}", "token"),
            ("GET", "/docs/{*rest}", "open"),
        ];
        Requests::new(routes.into_iter().map(|(method, path, door)| (method.into(), path.into(), door)))
    }

    fn written(requests: &Requests) -> String {
        let mut text = Text::new(Format::Prometheus);
        requests.write(&mut text);
        text.finish()
    }

    #[test]
    fn a_request_is_counted_by_its_pattern() {
        let requests = requests();
        let count = |method: Method, path: &str, status| match requests.find(&method, path) {
            Found::Route(series) | Found::None(series) => series.count(status, Instant::now()),
        };
        for number in 0..3 {
            count(Method::GET, &format!("/things/{number}"), 200);
        }
        count(Method::HEAD, "/things/9", 404);
        count(Method::DELETE, "/things/9", 405);
        count(Method::GET, "/docs/a/b", 200);
        count(Method::GET, "/api/v1/nothing-like-this", 404);
        count(Method::GET, "/fn/x", 418);
        let text = written(&requests);
        for line in [
            r#"vestibule_http_requests_total{route="/things/{id}",method="GET",door="pages",status="200"} 3"#,
            r#"vestibule_http_requests_total{route="/things/{id}",method="GET",door="pages",status="404"} 1"#,
            r#"vestibule_http_requests_total{route="/things/{id}",method="other",door="pages",status="405"} 1"#,
            r#"vestibule_http_requests_total{route="/docs/{*rest}",method="GET",door="open",status="200"} 1"#,
            r#"vestibule_http_requests_total{route="unmatched",method="any",door="token",status="404"} 1"#,
            r#"vestibule_http_requests_total{route="unmatched",method="any",door="session",status="other"} 1"#,
            r#"vestibule_http_request_duration_seconds_count{route="/things/{id}",method="GET",door="pages"} 4"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("nothing-like") && !text.contains("POST"), "{text}");
    }

    #[test]
    fn statuses_are_sorted() {
        assert!(STATUSES.is_sorted());
    }

    #[test]
    fn who_hangs_up_is_counted() {
        let requests = requests();
        drop(Unanswered { found: Some(requests.find(&Method::GET, "/")), began: Instant::now() });
        assert!(written(&requests).contains(r#"status="499"} 1"#));
    }
}
