//! Storage access: the cookies of a page of another site in a frame.

use super::verdicts::{
    ACTIVATE, ACTIVE, ARRIVES, CHIPS, COOKIE_KEPT, COOKIES_BLOCKED, INCLUDED, KEPT_BEFORE, KEPT_SECURE,
    METADATA_ACCESS, NEVER_KEPT, NO_COOKIE_YET, OWN, READABLE_OWN, READABLE_WITH_COOKIES, SAME_SITE, SENT_TO_OWN,
    STORAGE, STORAGE_ACCESS, WEBKIT_SECURE,
};
use crate::features::lab::{
    answer::{Answer, Cookie},
    experiment::{Experiment, Group::Frame},
    origins::Origin::{self, CrossSite, SameSite},
    prediction::{
        Engine::{Firefox, WebKit},
        Question, Value, Verdict,
    },
    step::Step,
};

const NONE_SECURE: &str = "HttpOnly; SameSite=None; Secure";
const PARTITIONED: &str = "HttpOnly; SameSite=None; Secure; Partitioned";

const WEBKIT_HEADER: &str = "WebKit does not send this header.";
const FIREFOX_HEADER: &str = "Firefox does not send this header with a request of the frame to its own origin.";
const FIREFOX_NONE: &str = "Firefox keeps the cookies of another site in a partition, and tells the server that it \
                            holds back the others.";
const FIREFOX_GRANTED: &str = "Firefox keeps the cookies of a cross-site frame in a partition. Storage access would \
                               open the others.";
const FIREFOX_ONE: &str = "Firefox keeps every cookie of another site in a partition, with the attribute or without, \
                           so the second replaces the first.";
const WEBKIT_BLOCKS: &str = "WebKit blocks the cookies of a cross-site frame.";
const WEBKIT_BOTH: &str = "WebKitGTK stored neither cookie, not even the one without Partitioned: it accepts no Secure \
                           cookie from http://localhost. So this says nothing about Partitioned in WebKit.";

/// A page of `origin` in a frame calls its own server, which sets a cookie.
fn sets(origin: Origin, attributes: &'static str) -> Step {
    Step::post(origin).from(origin).answer(Answer::exact().credentials().sets(Cookie::new(attributes)))
}

/// A page of `origin` in a frame calls its own server.
fn asks(origin: Origin) -> Step {
    Step::get(origin).from(origin).answer(Answer::exact().credentials())
}

fn record(id: &'static str, title: &'static str, claim: &'static str, request: Step) -> Experiment {
    Experiment::new(id, Frame, title, claim, request)
}

pub(super) fn all() -> Vec<Experiment> {
    let in_frame = OWN.because("The page in the frame calls its own origin, so CORS does not apply.");
    let third_party = SENT_TO_OWN.by(STORAGE, "SameSite=None is sent in a frame of another site, too.");
    let third_party = Verdict { otherwise: COOKIES_BLOCKED, ..third_party };
    let granted = Verdict {
        value: Value::Yes,
        reason: "The browser allows third-party cookies, so the page has access without asking.",
        spec: STORAGE_ACCESS,
        otherwise: "Your browser keeps the cookies of the site from the frame. It would have to ask by \
                    requestStorageAccess(), after a click.",
    };
    let baseline = Verdict {
        value: Value::Absent,
        reason: "The header is only sent where cookies are a third party's. A frame of the same site is not.",
        spec: METADATA_ACCESS,
        otherwise: "Your browser treats another port as another site.",
    };
    vec![
        record(
            "frame-same-site",
            "A frame of the same site, with SameSite=Lax",
            "The baseline: another port in a frame. Its cookies are no third party's.",
            asks(SameSite),
        )
        .after(sets(SameSite, "HttpOnly; SameSite=Lax"))
        .predict(in_frame, SENT_TO_OWN, KEPT_BEFORE, READABLE_OWN)
        .also(Question::Access, baseline),
        record(
            "frame-lax",
            "A frame of another site, with SameSite=Lax",
            "“Same-origin requests always carry cookies.” Sec-Fetch-Site is “same-origin” here, and the cookie is \
             refused: what counts is the page at the top.",
            sets(CrossSite, "HttpOnly; SameSite=Lax"),
        )
        .predict(
            in_frame,
            NO_COOKIE_YET,
            Verdict {
                value: Value::No,
                reason: "The page at the top is of another site, so only SameSite=None is accepted.",
                spec: SAME_SITE,
                otherwise: COOKIE_KEPT,
            },
            READABLE_OWN,
        )
        .also(Question::Access, ACTIVE)
        .except(Firefox, Question::Access, Value::Absent, FIREFOX_HEADER)
        .except(WebKit, Question::Access, Value::Absent, WEBKIT_HEADER),
        record(
            "frame-none",
            "A frame of another site, with SameSite=None",
            "The cookie of an embedded widget. Whether it takes part is the browser's decision, and \
             document.hasStorageAccess() tells the page.",
            asks(CrossSite),
        )
        .after(sets(CrossSite, NONE_SECURE))
        .predict(in_frame, third_party, KEPT_SECURE, READABLE_OWN)
        .also(Question::Access, ACTIVE)
        .also(Question::Granted, granted)
        .except(Firefox, Question::Access, Value::Absent, FIREFOX_HEADER)
        .except(Firefox, Question::Granted, Value::No, FIREFOX_GRANTED)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, Question::Access, Value::Absent, WEBKIT_HEADER)
        .except(WebKit, Question::Granted, Value::No, WEBKIT_BLOCKS),
        record(
            "frame-partitioned",
            "A frame of another site, with Partitioned",
            "A partitioned cookie needs no storage access: it belongs to the frame in this site only, so it cannot \
             follow anybody to another.",
            asks(CrossSite),
        )
        .after(sets(CrossSite, PARTITIONED))
        .predict(
            in_frame,
            third_party.by(CHIPS, "It is sent wherever the same site is at the top, also without storage access."),
            KEPT_SECURE.by(CHIPS, "It is stored for the site at the top only."),
            READABLE_OWN,
        )
        .also(Question::Access, ACTIVE)
        .except(Firefox, Question::Access, Value::Absent, FIREFOX_HEADER)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, Question::Access, Value::Absent, WEBKIT_HEADER),
        beside(),
        activated(),
    ]
}

/// Two cookies of one name, of which one is partitioned. Where `Partitioned` is ignored, the second replaces the first.
fn beside() -> Experiment {
    let sets = |attributes| {
        Step::post(CrossSite).include().answer(Answer::exact().credentials().sets(Cookie::new(attributes)))
    };
    record(
        "partitioned-beside",
        "Partitioned beside a cookie of the same name",
        "Does the browser know Partitioned at all? A server sets one cookie without it and one with it. A browser that \
         does not know it has one cookie, because the second replaces the first.",
        Step::get(CrossSite).include().answer(Answer::exact().credentials()),
    )
    .after(sets(NONE_SECURE))
    .after(sets(PARTITIONED))
    .predict(
        ARRIVES,
        INCLUDED,
        KEPT_SECURE.by(CHIPS, "The last cookie is kept in the partition of this page's site."),
        READABLE_WITH_COOKIES,
    )
    .also(
        Question::Count,
        Verdict {
            value: Value::Two,
            reason: "The partition is a part of a cookie's identity, so there are two, and both are sent.",
            spec: CHIPS,
            otherwise: "One cookie: your browser does not know Partitioned, or keeps the cookies of other sites in \
                        partitions anyway, or blocks the other one. None: it accepts no Secure cookie here, which \
                        says nothing about Partitioned.",
        },
    )
    .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
    .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
    .except(Firefox, Question::Count, Value::One, FIREFOX_ONE)
    .except(WebKit, Question::Count, Value::Zero, WEBKIT_BOTH)
}

/// The server asks for the cookies that were held back.
fn activated() -> Experiment {
    let answer = || Answer::exact().credentials().activates();
    record(
        "frame-activate",
        "The server answers Activate-Storage-Access: retry",
        "Where the visitor has granted access before, Sec-Fetch-Storage-Access is “inactive”. The server can then ask \
         for the same request again, with cookies, and the page needs no script for it.",
        Step::get(CrossSite).include().answer(answer()),
    )
    .after(Step::post(CrossSite).include().answer(answer().sets(Cookie::new(NONE_SECURE))))
    .predict(ARRIVES, INCLUDED, KEPT_SECURE, READABLE_WITH_COOKIES)
    .also(Question::Access, ACTIVE)
    .also(
        Question::Repeated,
        Verdict {
            value: Value::No,
            reason: "Access is active already, so there is nothing to ask for.",
            spec: ACTIVATE,
            otherwise: "Access was granted and not active: your browser repeated the request with its cookies.",
        },
    )
    .except(Firefox, Question::Access, Value::None, FIREFOX_NONE)
    .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
    .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
    .except(WebKit, Question::Access, Value::Absent, WEBKIT_HEADER)
}
