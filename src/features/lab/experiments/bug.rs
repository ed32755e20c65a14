//! The setup of the essay, with a switch for each cause.

use super::verdicts::{
    ARRIVES, DROPPED, KEPT, KEPT_SECURE, KEPT_UNREAD, NO_ALLOW_CREDENTIALS, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE,
    READABLE_BY_ANYONE, READABLE_BY_NAME, READABLE_WITH_COOKIES, STAR_WITH_COOKIES, WEBKIT_SECURE,
};
use crate::features::lab::{
    answer::{Answer, Cookie},
    experiment::{Experiment, Group},
    origins::Origin::{CrossSite, SameSite},
    prediction::{Engine, Question, Value},
    step::Step,
};

/// The choices when a page on one port signs in at a server on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches")]
pub struct Switches {
    /// The fetch sets `credentials: "include"`.
    pub credentials: bool,
    /// The server sends `Access-Control-Allow-Credentials: true`.
    pub allow: bool,
    /// The server names the origin instead of `*`.
    pub exact: bool,
    /// Page and server share a host name.
    pub local: bool,
    /// The cookie has `SameSite=None; Secure` instead of `SameSite=Lax`.
    pub none: bool,
}

impl Switches {
    /// Most likely the setup of the essay: everything it mentions is right, and the one thing it does not mention is
    /// missing.
    pub const ESSAY: Self = Self { credentials: false, allow: true, exact: true, local: true, none: false };

    /// The switches in the order of the fields.
    pub fn of(positions: [bool; 5]) -> Self {
        let [credentials, allow, exact, local, none] = positions;
        Self { credentials, allow, exact, local, none }
    }

    /// The id of the experiment with these switches.
    pub fn id(self) -> String {
        let bits = self.positions().map(|on| if on { '1' } else { '0' });
        format!("bug-{}", String::from_iter(bits))
    }

    /// The names of the switches in the form, and their labels.
    pub const LABELS: [(&'static str, &'static str); 5] = [
        ("credentials", "The fetch sets credentials: “include”"),
        ("allow", "The server sends Access-Control-Allow-Credentials"),
        ("exact", "The server names the origin instead of “*”"),
        ("local", "Page and server share a host name"),
        ("none", "The cookie is SameSite=None; Secure instead of Lax"),
    ];

    /// The positions in the order of [`Self::LABELS`].
    pub fn positions(self) -> [bool; 5] {
        [self.credentials, self.allow, self.exact, self.local, self.none]
    }

    fn record(self, title: &'static str, claim: &'static str) -> Experiment {
        let cookie = Cookie::new(if self.none { "HttpOnly; SameSite=None; Secure" } else { "HttpOnly; SameSite=Lax" });
        let answer = if self.exact { Answer::exact() } else { Answer::any() }.sets(cookie);
        let answer = if self.allow { answer.credentials() } else { answer };
        let step = Step::post(if self.local { SameSite } else { CrossSite }).answer(answer);
        let step = if self.credentials { step.include() } else { step };

        let read = match (self.credentials, self.exact, self.allow) {
            (false, true, _) => READABLE_BY_NAME,
            (false, false, _) => READABLE_BY_ANYONE,
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
        // Ids are static; these 32 are made once.
        let id: &'static str = self.id().leak();
        let record = Experiment::new(id, Group::Bug, title, claim, step).predict(ARRIVES, NO_COOKIE_YET, stored, read);
        // The address is http://localhost, which not every engine treats as secure.
        if self.none && stored.value == Value::Yes {
            return record.except(Engine::WebKit, Question::Stored, Value::No, WEBKIT_SECURE);
        }
        record
    }
}

const ESSAY: &str = "“I tried every solution I found on the web, and got nowhere.” The server does everything right. \
                     One option is missing in the page's code.";

/// The positions that the story goes through.
pub(super) fn chosen() -> Vec<Experiment> {
    let essay = Switches::ESSAY;
    let fixed = Switches { credentials: true, ..essay };
    vec![
        essay.record("The setup of the essay", ESSAY),
        fixed.record("With the missing option: credentials", "One switch is flipped, and the cookie is stored."),
        Switches { allow: false, ..fixed }.record(
            "Without Access-Control-Allow-Credentials",
            "The page gets an error and the browser stores the cookie. These are two separate decisions.",
        ),
        Switches { exact: false, ..fixed }
            .record("With “*” as the allowed origin", "The same: an error in the console, and a stored cookie."),
        Switches { local: false, ..fixed }
            .record(
                "127.0.0.1 instead of localhost",
                "All headers are right, but the server is addressed by its IP address. Now SameSite blocks the cookie.",
            )
            .shows(&["localhost"]),
        Switches { local: false, none: true, ..fixed }.record(
            "127.0.0.1, with SameSite=None",
            "A cookie across sites. It works for as long as browsers allow it.",
        ),
    ]
}

/// Every position of the switches.
pub(super) fn all() -> Vec<Experiment> {
    (0..32_u8)
        .map(|bits| {
            let switches = Switches::of([16, 8, 4, 2, 1].map(|bit| bits & bit != 0));
            let claim =
                if switches == Switches::ESSAY { ESSAY } else { "Your own setup. Flip a switch to see its effect." };
            switches.record("Signing in, with your switches", claim)
        })
        .collect()
}
