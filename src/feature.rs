//! [`Feature`]: the value by which a feature tells the app its routes, links, scopes and jobs. `app.rs` lists the
//! features; nothing else names them.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    auth::{ScopeInfo, event_streams::ResourceEvents, sign_in::SecondFactor},
    db::Db,
    http::{export::Export, in_process::InProcess, openapi::Description, pages::Pages, problem::Experiments},
    settings::Settings,
    state::{AppState, Site},
    ui::{AccountLink, NavLink, SiteLinks, WayIn},
};

/// A part of the product: plain data and function pointers. Begin with [`Feature::new`] and set what there is.
#[derive(Clone, Copy)]
pub struct Feature {
    /// The name of its folder.
    pub name: &'static str,
    /// Whether the settings turn it on.
    pub is_on: fn(&Settings) -> bool,
    /// Its tags in the OpenAPI document: name and description.
    pub tags: &'static [(&'static str, &'static str)],
    /// The scopes it declares.
    pub scopes: &'static [ScopeInfo],
    /// Its resources whose changes are told as events, each with the scope that a token needs for them. Their tables
    /// have triggers that record changes.
    pub events: &'static [ResourceEvents],
    /// Its pages that show what the code of a problem is about: codes with paths.
    pub experiments: fn(&Settings) -> Vec<(&'static str, String)>,
    /// The second factors that it adds to signing in.
    pub factors: &'static [SecondFactor],
    /// The paths that stay open to somebody who has to set up a second factor first, with those below them.
    pub setup_paths: &'static [&'static str],
    /// The ways to sign in that it adds to the sign-in page.
    pub ways_in: &'static [WayIn],
    /// The ways to sign up that it adds to the sign-up page.
    pub ways_up: &'static [WayIn],
    /// The files of the scripts that it adds to the first page after a sign-in with the password.
    pub after_sign_in: &'static [&'static str],
    /// Its links in the header of every page, for people who are signed in. The first link of all features is where
    /// signing in leads.
    pub nav: &'static [NavLink],
    /// Its links in the footer of every page.
    pub footer: &'static [NavLink],
    /// Its links on the account page.
    pub account_links: &'static [AccountLink],
    /// JSON routes of both doors. Their handlers take `Allowed<…>`.
    pub api: fn() -> OpenApiRouter<AppState>,
    /// JSON routes of the session door alone.
    pub session_api: fn() -> OpenApiRouter<AppState>,
    /// JSON routes of the token door alone.
    pub token_api: fn() -> OpenApiRouter<AppState>,
    /// JSON routes of the token door that need no credential. Calls are counted by address.
    pub unauthenticated_api: fn() -> OpenApiRouter<AppState>,
    /// Endpoints of the token door that take forms of clients, as OAuth has them. The OpenAPI document does not have
    /// them. They need no token; calls are counted by address.
    pub client_forms: fn() -> Pages<AppState>,
    /// The path of the protected-resource metadata (RFC 9728), which every 401 of the token door names.
    pub resource_metadata: Option<&'static str>,
    /// The path of its page to which applications send people to sign in (RFC 6749 section 3.1).
    pub authorization_endpoint: Option<&'static str>,
    /// Its pages, behind the session door.
    pub pages: fn() -> Pages<AppState>,
    /// Its pages outside of both doors, for which no credential is read. They get the description of the token door.
    pub open_pages: fn(&Description) -> Pages<AppState>,
    /// State of its own, beside [`AppState`], with the routes that use it.
    pub stateful: Option<Stateful>,
    /// What it adds to a person's data export.
    pub export: Option<Export>,
    /// Its background jobs.
    pub jobs: &'static [Job],
    /// What it says about the pages of an origin by the settings alone, whether it is on or not.
    pub examine_origin: Option<fn(&Settings, origin: &str) -> OriginReport>,
    /// The path to which browsers send reports about the pages (W3C Reporting API).
    pub reports_to: Option<&'static str>,
    /// Paths below which the URL holds a secret, such as `/reset`. Browsers are told to keep it out of `Referer`.
    pub secret_paths: &'static [&'static str],
}

impl Feature {
    /// A feature that has a name and nothing else.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            is_on: |_| true,
            tags: &[],
            scopes: &[],
            events: &[],
            experiments: |_| Vec::new(),
            factors: &[],
            setup_paths: &[],
            ways_in: &[],
            ways_up: &[],
            after_sign_in: &[],
            nav: &[],
            footer: &[],
            account_links: &[],
            api: OpenApiRouter::new,
            session_api: OpenApiRouter::new,
            token_api: OpenApiRouter::new,
            unauthenticated_api: OpenApiRouter::new,
            client_forms: Pages::new,
            resource_metadata: None,
            authorization_endpoint: None,
            pages: Pages::new,
            open_pages: |_| Pages::new(),
            stateful: None,
            export: None,
            jobs: &[],
            examine_origin: None,
            reports_to: None,
            secret_paths: &[],
        }
    }
}

/// What a feature with state of its own adds.
#[derive(Clone, Copy)]
pub struct Stateful {
    /// Its name in messages.
    pub label: &'static str,
    /// The second listener it needs. None if it is off, or needs none.
    pub listener: fn(&Settings) -> Option<ExtraListener>,
    /// Builds its state and its routes, once per server. The text says why its listener could not be opened, if so.
    pub routes: fn(&AppState, Option<String>) -> Result<StatefulRoutes, String>,
    /// The paths of the pages in `routes`, for `vestibule routes`: a router cannot list them.
    pub pages: &'static [&'static str],
    /// The endpoints in `routes`, for `vestibule routes`: method (or `ANY`), path, and whether the same-origin guard
    /// stands in front.
    pub endpoints: &'static [(&'static str, &'static str, bool)],
}

/// A second listener beside the server's own.
#[derive(Clone, Debug)]
pub struct ExtraListener {
    /// The address to listen on.
    pub address: SocketAddr,
    /// The setting that holds the address.
    pub setting: &'static str,
    /// Whether the server must not start without it.
    pub required: bool,
    /// The origins that lead to it.
    pub origins: Vec<String>,
}

/// The routes of a feature with state of its own.
#[derive(Clone, Debug, Default)]
pub struct StatefulRoutes {
    /// Pages. They get the layers of all pages, the session and the same-origin guard among them.
    pub pages: Router<AppState>,
    /// Endpoints for scripts, without a session. They bring the guards they need.
    pub endpoints: Router<AppState>,
    /// The router of its second listener.
    pub peer: Option<Router>,
    /// Gets to know the whole application, for calls to it.
    pub in_process: Option<InProcess>,
}

/// What would be of the calls that pages of an origin make, by the settings alone.
#[derive(Clone, Debug, Serialize)]
pub struct OriginReport {
    /// The origin.
    pub origin: String,
    /// Each door.
    pub doors: Vec<DoorReport>,
}

/// What would be of them at one door.
#[derive(Clone, Debug, Serialize)]
pub struct DoorReport {
    /// The door, and the credential it takes.
    pub door: &'static str,
    /// Whether such a page can use it.
    pub open: bool,
    /// Why, in short.
    pub about: &'static str,
    /// What is wrong, the first to be mended first. None if it is open.
    pub causes: Vec<FoundCause>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct FoundCause {
    /// Its id, which does not change.
    pub id: &'static str,
    /// What it is called.
    pub title: String,
    /// What happens, and what to do.
    pub about: String,
    /// The file that the line belongs in.
    pub place: Option<String>,
    /// The line to change.
    pub line: Option<String>,
}

/// A background job.
///
/// It runs every minute on every instance, the first time a minute after the start. So a job that must not be done
/// twice has to claim its rows in the `UPDATE` that finds them, as the mails about tokens that expire do. Each job runs
/// for at most ten minutes at a time. An error is logged, and the next round tries again.
#[derive(Clone, Copy)]
pub struct Job {
    /// What it does or deletes, for the log.
    pub what: &'static str,
    /// Does up to this many pieces of work (500) and returns how many it did. After as many as that it is called again
    /// at once.
    pub run: fn(AppState, i64) -> BoxFuture<'static, sqlx::Result<u64>>,
}

/// A future on the heap.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Those of `features` that the settings turn on.
pub fn enabled<'a>(features: &'a [Feature], settings: &Settings) -> impl Iterator<Item = &'a Feature> {
    features.iter().filter(|feature| (feature.is_on)(settings))
}

/// Whether one of `features` has the front page, `/`. Otherwise the app redirects from there to its first page.
pub fn have_front_page(features: &[Feature]) -> bool {
    features.iter().any(|feature| (feature.pages)().routes().iter().any(|(_, path)| *path == "/"))
}

/// The application state for `features`.
///
/// # Errors
/// One line for the operator.
pub fn state(settings: Settings, db: Db, features: &[Feature]) -> Result<AppState, String> {
    let site = site(features, &settings);
    AppState::new(settings, db, site)
}

/// What the pages of all features know of each other.
pub fn site(features: &[Feature], settings: &Settings) -> Site {
    let on = || enabled(features, settings);
    Site {
        links: Arc::new(SiteLinks {
            nav: on().flat_map(|feature| feature.nav).copied().collect(),
            footer: on().flat_map(|feature| feature.footer).copied().collect(),
            account: on().flat_map(|feature| feature.account_links).copied().collect(),
            ways_in: on().flat_map(|feature| feature.ways_in).copied().collect(),
            ways_up: on().flat_map(|feature| feature.ways_up).copied().collect(),
            after_sign_in: on().flat_map(|feature| feature.after_sign_in).copied().collect(),
            reports_to: on().find_map(|feature| feature.reports_to),
        }),
        page_paths: on().flat_map(page_paths).collect(),
        scopes: on().flat_map(|feature| feature.scopes).copied().collect(),
        events: on().flat_map(|feature| feature.events).copied().collect(),
        experiments: Experiments::new(
            on().flat_map(|feature| (feature.experiments)(settings))
                .map(|(code, path)| (code, format!("{}{path}", settings.origin()))),
        ),
        factors: on().flat_map(|feature| feature.factors).copied().collect(),
        setup_paths: on().flat_map(|feature| feature.setup_paths).copied().collect(),
        exports: on().filter_map(|feature| feature.export).collect(),
        secret_paths: on().flat_map(|feature| feature.secret_paths).copied().collect(),
    }
}

/// The paths of its pages and forms.
fn page_paths(feature: &Feature) -> Vec<&'static str> {
    let pages = (feature.pages)().merge((feature.open_pages)(&Description::default()));
    let own = feature.stateful.iter().flat_map(|stateful| stateful.pages).copied();
    pages.routes().iter().map(|(_, path)| *path).chain(own).collect()
}
