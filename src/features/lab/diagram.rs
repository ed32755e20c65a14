//! The sequence diagram of an experiment, as SVG.

use std::fmt::Write;

use html_escape::encode_double_quoted_attribute as escaped;

use super::{
    answer::{AllowOrigin, Preflight},
    experiment::Experiment,
    origins::{Origin, Origins},
    prediction::{Question, Value},
    step::{Credentials, Endpoint, FramePage, How, Mode, Step},
};

const WIDTH: i32 = 352;
const HEAD: i32 = 46;
const ARROW: i32 = 36;
const GAP: i32 = 10;
/// An upper bound of the width of a character.
const CHARACTER: i32 = 6;

/// A column of the diagram: a page or a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    Page(Origin),
    Server(Origin),
}

impl Actor {
    fn name(self) -> &'static str {
        match self {
            Self::Page(Origin::App) => "This page",
            Self::Page(Origin::SameSite) => "Same-site page",
            Self::Page(Origin::CrossSite) => "Cross-site page",
            Self::Server(Origin::App) => "This app",
            Self::Server(Origin::SameSite) => "Same-site server",
            Self::Server(Origin::CrossSite) => "Cross-site server",
        }
    }

    fn origin(self) -> Origin {
        let (Self::Page(origin) | Self::Server(origin)) = self;
        origin
    }
}

/// Draws `experiment` as it is predicted to go. The drawing has a text alternative.
pub(super) fn svg(experiment: &Experiment, origins: &Origins) -> String {
    let steps: Vec<_> = experiment.described().collect();
    let mut drawing = Drawing::new(&steps);
    for step in &experiment.before {
        drawing.exchange(step, &Outcome { first: true, ..Outcome::default() });
    }
    let is = |question| experiment.verdict(question).is_some_and(|verdict| verdict.value == Value::Yes);
    let outcome = Outcome {
        first: false,
        reached: is(Question::Reached),
        sent: is(Question::Sent),
        stored: is(Question::Stored),
        read: is(Question::Read),
    };
    drawing.exchange(&experiment.request, &outcome);
    drawing.finish(origins)
}

/// The outcome of a request, as far as it is drawn.
#[expect(clippy::struct_excessive_bools, reason = "each is a separate verdict")]
struct Outcome {
    first: bool,
    reached: bool,
    sent: bool,
    stored: bool,
    read: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { first: false, reached: true, sent: false, stored: true, read: true }
    }
}

struct Drawing {
    actors: Vec<Actor>,
    y: i32,
    svg: String,
    told: Vec<String>,
}

impl Drawing {
    fn new(steps: &[&Step]) -> Self {
        let pages = steps.iter().map(|step| Actor::Page(step.from));
        let servers = steps.iter().filter(|step| step.how.is_request()).flat_map(|step| {
            let behind = (step.endpoint == Endpoint::Proxy).then_some(Actor::Server(Origin::SameSite));
            [Some(Actor::Server(step.to)), behind].into_iter().flatten()
        });
        let mut actors = Vec::new();
        for actor in pages.chain(servers) {
            if !actors.contains(&actor) {
                actors.push(actor);
            }
        }
        Self { actors, y: HEAD, svg: String::new(), told: Vec::new() }
    }

    /// The x coordinate of an actor's column.
    fn x(&self, actor: Actor) -> i32 {
        let count = i32::try_from(self.actors.len()).unwrap_or(1).max(1);
        let index = self.actors.iter().position(|other| *other == actor).and_then(|index| i32::try_from(index).ok());
        let column = WIDTH / count;
        column * index.unwrap_or(0) + column / 2
    }

    fn exchange(&mut self, step: &Step, outcome: &Outcome) {
        let (page, server) = (Actor::Page(step.from), Actor::Server(step.to));
        self.y += GAP;
        match (step.how, &step.writes) {
            (How::Script, _) => return self.note(page, "reads document.cookie"),
            (How::Write, Some(cookie)) => return self.note(page, &format!("writes a cookie {}…", cookie.prefix)),
            _ => {}
        }
        if step.how == How::Fetch && step.from != step.to && step.mode == Mode::Cors && !step.headers.is_empty() {
            self.arrow(page, server, "OPTIONS (preflight)", Line { faint: outcome.first, ..Line::default() });
            let allowed = step.answer.allow_origin.is_some() && outcome.reached;
            let answer = match step.answer.preflight {
                _ if allowed => "allowed",
                Preflight::Answered => "not allowed",
                Preflight::Redirected => "a redirect",
                Preflight::Refused => "401",
            };
            self.arrow(server, page, answer, Line { dashed: true, stopped: !allowed, ..Line::default() });
        }
        if !outcome.reached && step.page != FramePage::Open {
            return self.arrow(page, server, "blocked by the browser", Line { stopped: true, ..Line::default() });
        }
        if !outcome.reached {
            return;
        }
        let cookie = if outcome.sent { Some(true) } else { None };
        self.arrow(page, server, &asked(step), Line { faint: outcome.first, cookie, ..Line::default() });
        if step.endpoint == Endpoint::Proxy {
            let behind = Actor::Server(Origin::SameSite);
            self.arrow(server, behind, "forwarded", Line { faint: outcome.first, cookie, ..Line::default() });
            let cookie = step.answer.cookie.as_ref().map(|_| true);
            self.arrow(
                behind,
                server,
                "response",
                Line { faint: outcome.first, dashed: true, cookie, ..Line::default() },
            );
        }
        let cookie = step.answer.cookie.as_ref().map(|_| outcome.stored);
        let line = Line { faint: outcome.first, dashed: true, stopped: !outcome.read, cookie };
        self.arrow(server, page, &answered(step), line);
    }

    fn arrow(&mut self, from: Actor, to: Actor, label: &str, line: Line) {
        let (start, end) = (self.x(from), self.x(to));
        let right = end > start;
        self.y += ARROW;
        let y = self.y;
        let sign = if right { 1 } else { -1 };
        let tip = end - sign * if line.stopped { 16 } else { 2 };
        let class = match (line.faint, line.dashed) {
            (true, false) => "line faint",
            (true, true) => "line faint dashed",
            (false, false) => "line",
            (false, true) => "line dashed",
        };
        // A label that would overflow the drawing is aligned to its right edge.
        let left = start.min(end) + 7;
        let fits = i32::try_from(label.chars().count()).is_ok_and(|count| left + count * CHARACTER < WIDTH);
        let (text_x, class_of_label) = if fits { (left, "label") } else { (WIDTH - 2, "label last") };
        let _ = write!(self.svg, "<text x='{text_x}' y='{}' class='{class_of_label}'>{}</text>", y - 7, escaped(label));
        let _ = write!(self.svg, "<path class='{class}' d='M{start} {y}H{tip}'/>");
        if line.stopped {
            let (x, up, down) = (tip + sign * 5, y - 5, y + 5);
            let _ = write!(self.svg, "<path class='stop' d='M{} {up}l10 10M{} {down}l10 -10'/>", x - 5, x - 5);
        } else {
            let _ = write!(
                self.svg,
                "<path class='{class} tip' d='M{} {}L{tip} {y}L{} {}'/>",
                tip - sign * 6,
                y - 4,
                tip - sign * 6,
                y + 4
            );
        }
        if let Some(alive) = line.cookie {
            let class = if alive { "cookie" } else { "cookie lost" };
            let x = start + (end - start) / 2;
            let _ = write!(self.svg, "<circle class='{class}' cx='{x}' cy='{y}' r='6'/>");
            if alive {
                let _ = write!(
                    self.svg,
                    "<path class='crumbs' d='M{} {}h.1M{} {}h.1M{} {}h.1'/>",
                    x - 2,
                    y - 2,
                    x + 2,
                    y - 1,
                    x - 1,
                    y + 2
                );
            } else {
                let _ = write!(self.svg, "<path class='stop' d='M{} {}l8 -8'/>", x - 4, y + 4);
            }
        }
        let ending = match from {
            Actor::Server(_) if line.stopped => ", which the page cannot read",
            _ => "",
        };
        let cookie = match line.cookie {
            Some(true) => " with a cookie",
            Some(false) => " with a cookie that is not stored",
            None => "",
        };
        self.told.push(format!("{} to {}: {label}{cookie}{ending}.", from.name(), to.name()));
    }

    fn note(&mut self, at: Actor, label: &str) {
        self.y += ARROW;
        let (x, y) = (self.x(at), self.y);
        let _ = write!(
            self.svg,
            "<path class='line' d='M{x} {}h26v14h-22'/><path class='line tip' d='M{} {}l-6 4l6 4'/>\
             <text x='{}' y='{}' class='label'>{}</text>",
            y - 14,
            x + 8,
            y - 4,
            x + 34,
            y - 3,
            escaped(label)
        );
        self.told.push(format!("{} {label}.", at.name()));
    }

    fn finish(self, origins: &Origins) -> String {
        let height = self.y + 16;
        let told = self.told.join(" ");
        let told = escaped(&told);
        let narrow = if self.actors.len() > 2 { " class='narrow'" } else { "" };
        let mut svg = format!("<svg viewBox='0 0 {WIDTH} {height}'{narrow} role='img' aria-label=\"{told}\">");
        let count = i32::try_from(self.actors.len()).unwrap_or(1).max(1);
        let width = WIDTH / count - 10;
        for actor in &self.actors {
            let x = self.x(*actor);
            let (kind, radius) = if matches!(actor, Actor::Page(_)) { ("page", 4) } else { ("server", 10) };
            let authority = escaped(origins.authority(actor.origin()));
            let _ = write!(
                svg,
                "<path class='life' d='M{x} {HEAD}V{height}'/>\
                 <rect class='actor {kind}' x='{}' y='1' width='{width}' height='{}' rx='{radius}'/>\
                 <text x='{x}' y='18' class='name'>{}</text><text x='{x}' y='34' class='origin'>{authority}</text>",
                x - width / 2,
                HEAD - 4,
                actor.name()
            );
        }
        svg.push_str(&self.svg);
        svg.push_str("</svg>");
        svg
    }
}

/// The style of an arrow.
#[derive(Default)]
struct Line {
    faint: bool,
    dashed: bool,
    /// It is blocked before it arrives.
    stopped: bool,
    /// It carries a cookie, which is accepted or not.
    cookie: Option<bool>,
}

fn asked(step: &Step) -> String {
    let mut text = step.method.to_owned();
    if step.how == How::Form {
        text.push_str(" from a form");
    }
    if step.mode == Mode::NoCors {
        text.push_str(", no-cors");
    }
    if step.credentials == Credentials::Include {
        text.push_str(", credentials: include");
    }
    for (name, _) in &step.headers {
        text.push_str(if *name == "authorization" { ", bearer token" } else { ", custom header" });
    }
    if step.endpoint == Endpoint::Guarded {
        text.push_str(", to the guard");
    }
    text
}

fn answered(step: &Step) -> String {
    let origin = match step.answer.allow_origin {
        Some(AllowOrigin::Exact) => Some("this origin"),
        Some(AllowOrigin::Any) => Some("“*”"),
        Some(AllowOrigin::Null) => Some("“null”"),
        Some(AllowOrigin::Itself) => Some("itself"),
        None => None,
    };
    let mut parts = Vec::new();
    if step.answer.cookie.is_some() {
        parts.push("Set-Cookie".to_owned());
    }
    if step.from != step.to && step.how == How::Fetch {
        parts.push(origin.map_or("no CORS headers".into(), |origin| format!("allows {origin}")));
    }
    if step.answer.allow_credentials && step.from != step.to {
        parts.push("and credentials".into());
    }
    if parts.is_empty() {
        parts.push("the response".into());
    }
    parts.join(", ").replace(", and", " and")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::experiments;

    #[test]
    fn every_experiment_is_drawn_and_told() {
        let origins = Origins {
            app: "https://a.example".into(),
            same_site: "https://b.a.example".into(),
            cross_site: "https://c.test".into(),
        };
        for experiment in experiments::all() {
            let svg = svg(experiment, &origins);
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{}", experiment.id);
            let here = experiment.described().any(|step| step.from == Origin::App);
            assert_eq!(svg.contains("This page"), here, "{}", experiment.id);
            assert!(svg.contains("a.example") || svg.contains("c.test"), "{}", experiment.id);
            let told = svg.split_once("aria-label=\"").unwrap().1.split_once('"').unwrap().0;
            assert!(told.ends_with('.'), "{}: {told}", experiment.id);
        }
    }

    #[test]
    fn what_is_dropped_and_what_is_not_readable_is_crossed_out() {
        let draw = |id| {
            let origins = Origins { app: String::new(), same_site: String::new(), cross_site: String::new() };
            svg(experiments::find(id).unwrap(), &origins)
        };
        assert!(draw("cookie-default").contains("cookie lost"));
        assert!(!draw("cookie-both").contains("lost"));
        assert!(!draw("cookie-both").contains("class='stop'"));
        assert!(draw("reading-silent").contains("class='stop'"));
    }
}
