//! The set-up the essay is about, with a switch for each cause.

use super::verdicts::{
    ARRIVES, DROPPED, KEPT, KEPT_SECURE, KEPT_UNREAD, NO_ALLOW_CREDENTIALS, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE,
    READABLE_BY_ANYBODY, READABLE_BY_NAME, READABLE_WITH_COOKIES, STAR_WITH_COOKIES, WEBKIT_SECURE,
};
use crate::features::lab::experiment::{
    Answer, Cookie, Engine, Experiment, Group,
    Place::{Neighbour, Stranger},
    Step, Value, What,
};

/// What can be one way or the other when a page on one port signs in at a server on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
pub struct Switches {
    /// The fetch says `credentials: "include"`.
    pub credentials: bool,
    /// The server sends `Access-Control-Allow-Credentials: true`.
    pub allow: bool,
    /// The server names the origin, instead of `*`.
    pub exact: bool,
    /// Both are called by one host name.
    pub local: bool,
    /// The cookie says `SameSite=None; Secure`, instead of `SameSite=Lax`.
    pub none: bool,
}

impl Switches {
    /// As the essay most likely had it: everything it names is right, and one thing it does not name is missing.
    pub const ESSAY: Self = Self { credentials: false, allow: true, exact: true, local: true, none: false };

    /// As they stand in the name of an experiment, in the order of the fields.
    pub fn of(positions: [bool; 5]) -> Self {
        let [credentials, allow, exact, local, none] = positions;
        Self { credentials, allow, exact, local, none }
    }

    /// The experiment with these switches.
    pub fn id(self) -> String {
        let Self { credentials, allow, exact, local, none } = self;
        let bits = [credentials, allow, exact, local, none].map(|on| if on { '1' } else { '0' });
        format!("bug-{}", String::from_iter(bits))
    }

    /// What the switches do, by the names they have in a form.
    pub const NAMES: [(&'static str, &'static str); 5] = [
        ("credentials", "The fetch says credentials: “include”"),
        ("allow", "The server sends Access-Control-Allow-Credentials"),
        ("exact", "The server names the origin, instead of “*”"),
        ("local", "Page and server share a host name"),
        ("none", "The cookie says SameSite=None; Secure, instead of Lax"),
    ];

    /// As [`Self::NAMES`] has them.
    pub fn positions(self) -> [bool; 5] {
        [self.credentials, self.allow, self.exact, self.local, self.none]
    }

    fn record(self, title: &'static str, claim: &'static str) -> Experiment {
        let cookie = Cookie::new(if self.none { "HttpOnly; SameSite=None; Secure" } else { "HttpOnly; SameSite=Lax" });
        let answer = if self.exact { Answer::exact() } else { Answer::any() }.sets(cookie);
        let answer = if self.allow { answer.credentials() } else { answer };
        let step = Step::post(if self.local { Neighbour } else { Stranger }).answer(answer);
        let step = if self.credentials { step.include() } else { step };

        let read = match (self.credentials, self.exact, self.allow) {
            (false, true, _) => READABLE_BY_NAME,
            (false, false, _) => READABLE_BY_ANYBODY,
            (true, false, _) => STAR_WITH_COOKIES,
            (true, true, false) => NO_ALLOW_CREDENTIALS,
            (true, true, true) => READABLE_WITH_COOKIES,
        };
        let stored = match (self.credentials, self.local, self.none) {
            (false, ..) => DROPPED,
            (true, false, false) => NOT_FROM_ANOTHER_SITE,
            (true, false, true) => KEPT_SECURE,
            (true, true, _) if read.value == Value::No => KEPT_UNREAD,
            (true, true, _) => KEPT,
        };
        // A static name for each position: there are 32 of them, made once.
        let id: &'static str = self.id().leak();
        let record = Experiment::new(id, Group::Bug, title, claim, step).foresee(ARRIVES, NO_COOKIE_YET, stored, read);
        // The address is http://localhost, which not every engine counts as secure.
        if self.none && stored.value == Value::Yes {
            return record.except(Engine::WebKit, What::Stored, Value::No, WEBKIT_SECURE);
        }
        record
    }
}

const ESSAY: &str = "“I tried every solution I found on the web, and got nowhere. It just goes nowhere.” The server does all that it \
     should. What is missing is one word on the other side.";

/// The positions that tell the story.
pub(super) fn chosen() -> Vec<Experiment> {
    let essay = Switches::ESSAY;
    let fixed = Switches { credentials: true, ..essay };
    vec![
        essay.record("As the essay had it", ESSAY),
        fixed.record("The missing word: credentials", "One switch flipped, and the cookie lives."),
        Switches { allow: false, ..fixed }.record(
            "Without Allow-Credentials",
            "The page gets an error, the browser gets the cookie. Two different questions.",
        ),
        Switches { exact: false, ..fixed }
            .record("With “*” for an origin", "The same: an error in the console, and a cookie in the jar."),
        Switches { local: false, ..fixed }.record(
            "127.0.0.1 instead of localhost",
            "Everything is right again, but the server is called by its number. Now SameSite stands in the way.",
        ),
        Switches { local: false, none: true, ..fixed }
            .record("127.0.0.1, with SameSite=None", "The way across sites, for as long as browsers leave it open."),
    ]
}

/// Every position there is.
pub(super) fn all() -> Vec<Experiment> {
    (0..32_u8)
        .map(|bits| {
            let switches = Switches::of([16, 8, 4, 2, 1].map(|bit| bits & bit != 0));
            let known = if switches == Switches::ESSAY {
                ESSAY
            } else {
                "Your own set-up. Flip a switch, and see what it does."
            };
            switches.record("Signing in, with your switches", known)
        })
        .collect()
}
