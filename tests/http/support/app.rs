//! The whole application over a database of its own, called in-process.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use axum::{Router, http::Method};
use serde_json::json;
use vestibule::{
    app::{self, FEATURES},
    auth::{Account, activity::Actor},
    db::{Clock, Db},
    feature::{self, Feature},
    features::tokens::service::{Expiry, NewToken, create},
    http::client::Client as Somewhere,
    settings::{Passwords, RateLimits, Settings},
    state::AppState,
};

use super::{
    ask::Request,
    entries,
    people::{Browser, Client, Person},
    post::Email,
    rows::{RawDb, WriteDetector},
    run::{Postgres, folder},
    template,
};

/// The site's own origin.
pub const OURS: &str = "http://localhost:3000";
/// The one origin on the allow-list.
pub const SPA: &str = "http://localhost:5173";

/// The features that the tests serve: those of the product, and before them the tests' own.
pub fn features() -> &'static [Feature] {
    static ALL: LazyLock<Vec<Feature>> = LazyLock::new(|| [&[entries::FEATURE], FEATURES].concat());
    &ALL
}

/// Every scope there is, sorted.
pub fn all_scopes() -> Vec<&'static str> {
    let mut scopes: Vec<_> = features().iter().flat_map(|feature| feature.scopes).map(|scope| scope.name).collect();
    scopes.sort_unstable();
    scopes
}

/// The password of every account that a test makes.
pub const PASSWORD: &str = "correct horse battery staple";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own in the throw-away cluster.
    Postgres,
}

/// What a test may ask for.
pub trait Prepare {
    /// Makes it, on `database`.
    async fn on(database: Database) -> Self;
}

/// For a test that sets up the application itself.
impl Prepare for Database {
    async fn on(database: Self) -> Self {
        database
    }
}

/// The real router over a real database.
#[derive(Clone)]
pub struct TestApp {
    /// The application.
    pub router: Router,
    /// What features serve on listeners of their own.
    #[cfg_attr(not(feature = "lab"), expect(dead_code, reason = "only the Lab has such a listener"))]
    pub peers: Vec<Router>,
    /// The state its handlers share.
    pub state: AppState,
    /// The database it uses.
    pub db: Db,
    /// The clock it reads.
    pub clock: Clock,
    /// Its settings.
    pub settings: Settings,
    /// Where a development server shows its mail, with the key it prints at the start.
    pub outbox: String,
    folder: PathBuf,
    postgres: Option<Arc<Postgres>>,
}

impl Prepare for TestApp {
    async fn on(database: Database) -> Self {
        Self::with(database, |_| {}).await
    }
}

impl TestApp {
    /// The application with settings that `change` has changed.
    pub async fn with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(Arc::new(Postgres::migrated().await)),
        };
        fs::write(folder.join("mark.svg"), "<svg/>").unwrap();

        let mut settings = Settings::default();
        settings.server.site_root = folder.display().to_string();
        settings.mail.outbox = folder.join("outbox").display().to_string();
        settings.cors.allowed_origins = vec![SPA.into()];
        // Everybody in these tests comes from one address, in no time.
        settings.rate_limits = RateLimits { per_token: 100_000, per_address: 100_000 };
        // What hashing really costs is tested where the binary runs.
        settings.passwords =
            Passwords { memory_kib: 8, iterations: 1, parallelism: 1, workers: 4, queue: 256, ..Passwords::default() };
        settings.database.url = match &postgres {
            Some(postgres) => postgres.url.clone(),
            None => template::sqlite(&folder.join("house.db")).await,
        };
        let template = settings.database.url.clone();
        change(&mut settings);

        let app = Self::open(settings, Clock::default(), folder, postgres).await;
        if app.settings.database.url != template {
            entries::create_table(&app.db).await;
        }
        app
    }

    /// One more instance over the same database.
    pub async fn another_instance(&self) -> Self {
        let (settings, clock) = (self.settings.clone(), self.clock.clone());
        Self::open(settings, clock, self.folder.clone(), self.postgres.clone()).await
    }

    async fn open(settings: Settings, clock: Clock, folder: PathBuf, postgres: Option<Arc<Postgres>>) -> Self {
        let db = Db::open(&settings.database.url, clock.clone()).await.unwrap();
        let state = feature::state(settings.clone(), db.clone(), features()).unwrap();
        let outbox = state.dev_key.url("");
        let on = feature::enabled(features(), &settings).filter_map(|feature| feature.stateful);
        let stateful: Vec<_> = on.map(|feature| (feature.routes)(&state, None).unwrap()).collect();
        let peers = stateful.iter().filter_map(|routes| routes.peer.clone()).collect();
        let router = app::router(state.clone(), features(), stateful).unwrap();
        Self { router, peers, state, db, clock, settings, outbox, folder, postgres }
    }

    /// The state of the server's background tasks, with settings that `change` has changed, over the same database.
    pub async fn state(&self, change: impl FnOnce(&mut Settings)) -> AppState {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let db = Db::open(&settings.database.url, self.clock.clone()).await.unwrap();
        feature::state(settings, db, features()).unwrap()
    }

    /// The application on https.
    pub async fn https(database: Database) -> Self {
        Self::with(database, |settings| settings.server.public_url = "https://vestibule.example".parse().unwrap()).await
    }

    /// A bare request: no cookie, no token, no header that says where it comes from.
    pub fn ask(&self, method: Method, path: &str) -> Request {
        Request::new(self.router.clone(), method, path)
    }

    /// A bare `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.ask(Method::GET, path)
    }

    /// A `GET` with the key that a development server prints.
    pub fn get_with_key(&self, path: &str) -> Request {
        let (_, key) = self.outbox.split_once("?key=").unwrap();
        self.get(path).header("cookie", &format!("dev_key={key}"))
    }

    /// A bare `POST`.
    pub fn post(&self, path: &str) -> Request {
        self.ask(Method::POST, path)
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// A client of the token door that holds `token`.
    pub fn client(&self, token: &str) -> Client {
        Client::new(self.clone(), token)
    }

    /// A person who has signed up as `name@example.org` and signed in at both doors.
    pub async fn person(&self, name: &str) -> Person {
        let browser = self.browser();
        let email = format!("{name}@example.org");
        let form = [("name", name), ("email", &email), ("password", PASSWORD)];
        browser.submit("/sign-up", &form).await.assert_status(303);
        let login = json!({"email": email, "password": PASSWORD, "scopes": all_scopes()});
        let login = self.post("/api/v1/login").json(login).await;
        let login = login.assert_status(201).json();
        let account: Account = serde_json::from_value(login["account"].clone()).unwrap();
        Person { account, email, browser, client: self.client(login["token"].as_str().unwrap()) }
    }

    /// A token of `person` that may do `scopes` and nothing else.
    pub async fn token(&self, person: &Person, scopes: &[&str]) -> Client {
        self.token_with(person, scopes, |_| {}).await
    }

    /// The same, that `change` has changed.
    pub async fn token_with(&self, person: &Person, scopes: &[&str], change: impl FnOnce(&mut NewToken)) -> Client {
        let mut new = NewToken {
            name: "test".into(),
            scopes: scopes.iter().copied().collect(),
            expiry: Expiry::Days(30),
            renew: false,
            origins: Vec::new(),
            key_thumbprint: None,
        };
        change(&mut new);
        let actor = Actor::by_password(person.account.id, &Somewhere::default());
        let issued = create(&self.db, &self.settings.tokens, &actor, None, new).await.unwrap();
        self.client(issued.secret.reveal())
    }

    /// The database behind the application's back.
    pub async fn raw(&self) -> RawDb {
        RawDb::connect(&self.settings.database.url).await
    }

    /// How many rows `table` has.
    pub async fn count(&self, table: &str) -> i64 {
        self.raw().await.count(table).await
    }

    /// Runs statements behind the application's back.
    pub async fn sql(&self, sql: &str) {
        self.raw().await.run(sql).await;
    }

    /// The mails in the outbox, the oldest first, once those on their way are there.
    pub async fn letters(&self) -> Vec<Email> {
        self.db.wait_idle().await;
        let Ok(entries) = fs::read_dir(&self.settings.mail.outbox) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| Email::new(&fs::read_to_string(path).unwrap())).collect()
    }

    /// The mails with the subject `subject`.
    pub async fn emails_with_subject(&self, subject: &str) -> Vec<Email> {
        self.letters().await.into_iter().filter(|letter| letter.header("Subject") == subject).collect()
    }

    /// The path of the newest link in a mail that begins with `start`.
    pub async fn link(&self, start: &str) -> String {
        self.letters().await.iter().rev().find_map(|letter| letter.path(start)).expect("a mail has such a link")
    }

    /// Notices every write from now on.
    pub async fn witness(&self) -> WriteDetector {
        WriteDetector::of(self.db.clone(), &self.settings.database.url).await
    }

    /// Everything the database holds, as stored: the bytes of SQLite's files, or every row as PostgreSQL prints it.
    pub async fn dump(&self) -> Vec<u8> {
        let files = ["house.db", "house.db-wal"].map(|name| fs::read(self.folder.join(name)).unwrap_or_default());
        let mut dump = files.concat();
        if dump.is_empty() {
            dump = self.raw().await.rows().await.join("\n").into_bytes();
        }
        dump
    }
}
