//! Who talks to whom: the record of an experiment, drawn.

use std::fmt::Write;

use super::{
    Origins,
    experiment::{AllowOrigin, Credentials, Door, Experiment, How, Mode, Place, Step, Value, What},
};

const WIDTH: i32 = 352;
const HEAD: i32 = 46;
const ARROW: i32 = 36;
const GAP: i32 = 10;
/// How wide a letter is, on the safe side.
const LETTER: i32 = 6;

/// Somebody who talks: a page or a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    Page(Place),
    Server(Place),
}

impl Actor {
    fn name(self) -> &'static str {
        match self {
            Self::Page(Place::House) => "This page",
            Self::Page(Place::Neighbour) => "Neighbour's page",
            Self::Page(Place::Stranger) => "Stranger's page",
            Self::Server(Place::House) => "House",
            Self::Server(Place::Neighbour) => "Neighbour",
            Self::Server(Place::Stranger) => "Stranger",
        }
    }

    fn place(self) -> Place {
        let (Self::Page(place) | Self::Server(place)) = self;
        place
    }
}

/// A drawing of `experiment` as it is predicted, with a text of its own for those who cannot see it.
pub(super) fn svg(experiment: &Experiment, origins: &Origins) -> String {
    let steps: Vec<_> = experiment.before.iter().chain([&experiment.request]).collect();
    let mut drawing = Drawing::new(&steps);
    for step in &experiment.before {
        drawing.exchange(step, &Outcome { first: true, ..Outcome::default() });
    }
    let is = |what| experiment.verdict(what).is_some_and(|verdict| verdict.value == Value::Yes);
    let outcome = Outcome {
        first: false,
        reached: is(What::Reached),
        sent: is(What::Sent),
        stored: is(What::Stored),
        read: is(What::Read),
    };
    drawing.exchange(&experiment.request, &outcome);
    drawing.finish(origins)
}

/// What comes of a request, as far as it is drawn.
#[expect(clippy::struct_excessive_bools, reason = "each is a verdict of its own")]
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
        let servers = steps.iter().filter(|step| step.how != How::Script).flat_map(|step| {
            let behind = (step.door == Door::Proxy).then_some(Actor::Server(Place::Neighbour));
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

    /// The middle of an actor's column.
    fn x(&self, actor: Actor) -> i32 {
        let count = i32::try_from(self.actors.len()).unwrap_or(1).max(1);
        let index = self.actors.iter().position(|other| *other == actor).and_then(|index| i32::try_from(index).ok());
        let column = WIDTH / count;
        column * index.unwrap_or(0) + column / 2
    }

    fn exchange(&mut self, step: &Step, outcome: &Outcome) {
        let (page, server) = (Actor::Page(step.from), Actor::Server(step.to));
        self.y += GAP;
        if step.how == How::Script {
            return self.note(page, "document.cookie");
        }
        if step.how == How::Fetch && step.from != step.to && step.mode == Mode::Cors && !step.headers.is_empty() {
            self.arrow(page, server, "OPTIONS: may I?", Line { faint: outcome.first, ..Line::default() });
            let allowed = step.answer.allow_origin.is_some() && outcome.reached;
            let answer = if allowed { "you may" } else { "not a word about that header" };
            self.arrow(server, page, answer, Line { dashed: true, stopped: !allowed, ..Line::default() });
        }
        if !outcome.reached {
            return;
        }
        let cookie = if outcome.sent { Some(true) } else { None };
        self.arrow(page, server, &asked(step), Line { faint: outcome.first, cookie, ..Line::default() });
        if step.door == Door::Proxy {
            let behind = Actor::Server(Place::Neighbour);
            self.arrow(server, behind, "handed on", Line { faint: outcome.first, cookie, ..Line::default() });
            let cookie = step.answer.cookie.as_ref().map(|_| true);
            self.arrow(
                behind,
                server,
                "and back",
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
        // A label that is longer than what is left of the drawing ends with it.
        let left = start.min(end) + 7;
        let fits = i32::try_from(label.chars().count()).is_ok_and(|count| left + count * LETTER < WIDTH);
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
        let ending = if line.stopped { ", which it may not read" } else { "" };
        let cookie = match line.cookie {
            Some(true) => " with a cookie",
            Some(false) => " with a cookie that is dropped",
            None => "",
        };
        self.told.push(format!("{} to {}: {label}{cookie}{ending}.", from.name(), to.name()));
    }

    fn note(&mut self, at: Actor, label: &str) {
        self.y += ARROW;
        let (x, y) = (self.x(at), self.y);
        let _ = write!(
            self.svg,
            "<path class='line' d='M{x} {}h26v14h-22'/><path class='line tip' d='M{} {}l-6 4l6 4'/><text x='{}' y='{}' class='label'>{}</text>",
            y - 14,
            x + 8,
            y - 4,
            x + 34,
            y - 3,
            escaped(label)
        );
        self.told.push(format!("{} reads {label}.", at.name()));
    }

    fn finish(self, origins: &Origins) -> String {
        let height = self.y + 16;
        let told = escaped(&self.told.join(" "));
        let narrow = if self.actors.len() > 2 { " class='narrow'" } else { "" };
        let mut svg = format!("<svg viewBox='0 0 {WIDTH} {height}'{narrow} role='img' aria-label=\"{told}\">");
        let count = i32::try_from(self.actors.len()).unwrap_or(1).max(1);
        let width = WIDTH / count - 10;
        for actor in &self.actors {
            let x = self.x(*actor);
            let (kind, radius) = if matches!(actor, Actor::Page(_)) { ("page", 4) } else { ("server", 10) };
            let authority = escaped(origins.authority(actor.place()));
            let _ = write!(
                svg,
                "<path class='life' d='M{x} {HEAD}V{height}'/><rect class='actor {kind}' x='{}' y='1' width='{width}' height='{}' rx='{radius}'/>\
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

/// How an arrow looks.
#[derive(Default)]
struct Line {
    faint: bool,
    dashed: bool,
    /// It does not get there.
    stopped: bool,
    /// It carries a cookie, which lives or dies.
    cookie: Option<bool>,
}

fn asked(step: &Step) -> String {
    let mut text = step.method.to_owned();
    if step.how == How::Form {
        text.push_str(" by a form");
    }
    if step.mode == Mode::NoCors {
        text.push_str(", no-cors");
    }
    if step.credentials == Credentials::Include {
        text.push_str(", credentials: include");
    }
    for (name, _) in &step.headers {
        text.push_str(if *name == "authorization" { ", Bearer token" } else { ", a header of its own" });
    }
    if step.door == Door::Guarded {
        text.push_str(", to the guard");
    }
    text
}

fn answered(step: &Step) -> String {
    let origin = match step.answer.allow_origin {
        Some(AllowOrigin::Exact) => Some("our origin"),
        Some(AllowOrigin::Any) => Some("“*”"),
        Some(AllowOrigin::Null) => Some("“null”"),
        None => None,
    };
    let mut parts = Vec::new();
    if step.answer.cookie.is_some() {
        parts.push("Set-Cookie".to_owned());
    }
    if step.from != step.to && step.how == How::Fetch {
        parts.push(origin.map_or("no CORS header".into(), |origin| format!("allows {origin}")));
    }
    if step.answer.allow_credentials && step.from != step.to {
        parts.push("and credentials".into());
    }
    if parts.is_empty() {
        parts.push("the answer".into());
    }
    parts.join(", ").replace(", and", " and")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::experiments;

    #[test]
    fn every_experiment_is_drawn_and_told() {
        let origins = Origins {
            house: "https://a.example".into(),
            neighbour: "https://b.a.example".into(),
            stranger: "https://c.test".into(),
        };
        for experiment in experiments::all() {
            let svg = svg(experiment, &origins);
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{}", experiment.id);
            let here = experiment.before.iter().chain([&experiment.request]).any(|step| step.from == Place::House);
            assert_eq!(svg.contains("This page"), here, "{}", experiment.id);
            assert!(svg.contains("a.example"), "{}", experiment.id);
            let told = svg.split_once("aria-label=\"").unwrap().1.split_once('"').unwrap().0;
            assert!(told.ends_with('.'), "{}: {told}", experiment.id);
        }
    }

    #[test]
    fn what_is_dropped_and_what_is_not_readable_is_crossed_out() {
        let draw = |id| {
            let origins = Origins { house: String::new(), neighbour: String::new(), stranger: String::new() };
            svg(experiments::find(id).unwrap(), &origins)
        };
        assert!(draw("cookie-default").contains("cookie lost"));
        assert!(!draw("cookie-both").contains("lost"));
        assert!(!draw("cookie-both").contains("class='stop'"));
        assert!(draw("reading-silent").contains("class='stop'"));
    }
}
