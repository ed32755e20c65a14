//! Local Network Access: requests to this machine and to the local network.

use super::verdicts::{LOCAL_NETWORK, NO_COOKIE_YET, NOTHING_TO_READ, READABLE_BY_NAME, SETS_NONE, STOPPED, connects};
use crate::features::lab::{
    answer::Answer,
    experiment::{Experiment, Group::Network},
    origins::Origin::{App, CrossSite, SameSite},
    prediction::{
        Engine::{self, Firefox, WebKit},
        Question, Value, Verdict,
    },
    step::{FramePage, Step},
};

const NOT_HELD: &str = "It does not hold the request back: to it, the page is one of this machine.";
const READ: &str = "The request was answered, and the server allows every origin.";
const NO_PERMISSION: &str = "WebKit has no permission of this name.";

pub(super) fn all() -> Vec<Experiment> {
    vec![
        Experiment::new(
            "network-loopback",
            Network,
            "A page on this machine calls this machine",
            "“Browsers block requests to localhost now.” Not from a page that is on this machine itself.",
            Step::get(CrossSite).answer(Answer::exact()),
        )
        .predict(
            Verdict {
                value: Value::Yes,
                reason: "The page comes from this machine as well, so the request leads to no more private network.",
                spec: LOCAL_NETWORK,
                otherwise: STOPPED,
            },
            NO_COOKIE_YET,
            SETS_NONE,
            READABLE_BY_NAME,
        ),
        [Firefox, WebKit].into_iter().fold(public(), makes_it),
    ]
    .into_iter()
    .map(Experiment::local)
    .collect()
}

/// A page that the browser has to treat as one of the internet.
fn public() -> Experiment {
    Experiment::new(
        "network-public",
        Network,
        "A page of the internet calls this machine",
        "The page in the frame has a policy (treat-as-public-address) by which it counts as one of the internet. \
         Such a page needs a permission, and a frame needs it to be passed on by allow=“loopback-network”.",
        Step::get(App).from(SameSite).on(FramePage::Public).answer(Answer::any()),
    )
    .predict(
        connects(LOCAL_NETWORK, "The page has no permission to reach this machine, so no connection is made."),
        NO_COOKIE_YET,
        SETS_NONE,
        NOTHING_TO_READ.by(LOCAL_NETWORK, "The page gets an error that does not say why. The console does."),
    )
    .also(
        Question::Permission,
        Verdict {
            value: Value::Denied,
            reason: "The frame has no allow=“loopback-network”, so the browser does not even ask.",
            spec: LOCAL_NETWORK,
            otherwise: "Your browser has no permission of this name, or treats the frame as a page of this \
                        machine.",
        },
    )
    .shows(&["unreachable"])
    .except(WebKit, Question::Permission, Value::Unsupported, NO_PERMISSION)
}

/// In `engine`, the request is made.
fn makes_it(experiment: Experiment, engine: Engine) -> Experiment {
    experiment
        .except(engine, Question::Reached, Value::Yes, NOT_HELD)
        .except(engine, Question::Read, Value::Yes, READ)
        .except(engine, Question::Site, Value::SameSite, NOT_HELD)
}
