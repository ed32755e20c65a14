//! The notes that come alive in the browser, and the server functions they call.
//!
//! Both islands are rendered by the server as forms and links that work by themselves. Once hydrated they answer in place.
//! Each call says for which account the page was made.

#![expect(missing_docs, reason = "the server macro makes a struct of each function's arguments")]

use std::{fmt::Write, time::Duration};

use leptos::{ev, html, prelude::*, server_fn::codec::Json, task::spawn_local};
use uuid::Uuid;

use super::{Draft, Note, NotesPage};
use crate::{
    http::problem::{Details, FieldError},
    ui::{Empty, Field, FormGuard, FormState, Skeleton, Time, describedby, in_textarea, toast},
};

/// How long a typist may pause before the search runs.
const SEARCH_PAUSE: Duration = Duration::from_millis(200);

/// As text, because a browser that runs scripts parses what is in `<noscript>` as text, and hydration would miss an element.
const SEARCH_BUTTON: &str = r#"<button class="quiet">Search</button>"#;

/// Notes that contain `q`, from `cursor` on.
#[server(endpoint = "notes/list", input = Json)]
pub async fn list_notes(q: String, cursor: Option<String>, for_account: Option<Uuid>) -> Result<NotesPage, Details> {
    super::page::list_notes(q, cursor, for_account).await
}

/// Makes a note.
#[server(endpoint = "notes/create", input = Json)]
pub async fn create_note(draft: Draft, for_account: Option<Uuid>) -> Result<Note, Details> {
    super::page::create_note(draft, for_account).await
}

/// Changes a note that still has `version`, and gives its new version.
#[server(endpoint = "notes/save", input = Json)]
pub async fn save_note(id: Uuid, version: i64, draft: Draft, for_account: Option<Uuid>) -> Result<i64, Details> {
    super::page::save_note(id, version, draft, for_account).await
}

/// Search, list and the form for a new note.
#[island]
pub fn NoteBoard(
    /// Whose notes they are.
    account: Uuid,
    /// The first page, as the server found it.
    first: NotesPage,
    /// What was searched for.
    q: String,
    /// A new note that was refused, as it was typed.
    form: FormState,
) -> impl IntoView {
    let (page, set_page) = signal(first);
    let (query, set_query) = signal(q.clone());
    let refusal = Refusal::of(&FormState::default());
    let (busy, set_busy) = signal(false);

    let search = debounce(SEARCH_PAUSE, move |q: String| {
        spawn_local(async move {
            let found = list_notes(q.clone(), None, Some(account)).await;
            // An answer to what is no longer asked is dropped.
            if query.get_untracked() != q {
                return;
            }
            refusal.show(found.as_ref().err());
            if let Ok(found) = found {
                set_page.set(found);
            }
        });
    });
    let mut search = search;
    let typed = move |event| {
        let q = event_target_value(&event);
        set_query.set(q.clone());
        search(q);
    };
    let more = move |event: ev::MouseEvent| {
        event.prevent_default();
        let cursor = page.with_untracked(|page| page.next_cursor.clone());
        if busy.get_untracked() || cursor.is_none() {
            return;
        }
        set_busy.set(true);
        spawn_local(async move {
            let found = list_notes(query.get_untracked(), cursor, Some(account)).await;
            set_busy.set(false);
            refusal.show(found.as_ref().err());
            if let Ok(mut found) = found {
                set_page.update(|page| {
                    page.items.append(&mut found.items);
                    page.next_cursor = found.next_cursor;
                });
            }
        });
    };
    let made = Callback::new(move |note: Note| set_page.update(|page| page.items.insert(0, note)));
    let older = move || {
        page.with(|page| page.next_cursor.clone()).map(|cursor| {
            let q = query.get();
            let href = format!("/notes?cursor={cursor}&q={}", encoded(&q));
            view! { <a class="button quiet" href=href on:click=more aria-busy=move || busy.get().then_some("true")>"Older notes"</a> }
        })
    };
    let empty = move || {
        // A search that failed has found nothing out.
        let known = refusal.notice.with(Option::is_none);
        (known && page.with(|page| page.items.is_empty())).then(|| {
            if query.get().trim().is_empty() {
                view! { <Empty title="No notes yet.">"Write the first one above. Only you can read it."</Empty> }
            } else {
                view! { <Empty title="No note contains that.">"Titles and bodies are searched."</Empty> }
            }
        })
    };

    view! {
        <NewNote account form made />
        <section class="card">
            <form method="get" action="/notes" role="search" on:submit=|event| event.prevent_default()>
                <label for="q">"Search notes"</label>
                <div class="row">
                    <input id="q" name="q" type="search" maxlength="200" value=q on:input=typed autocomplete="off" />
                    <noscript inner_html=SEARCH_BUTTON></noscript>
                </div>
            </form>
            <Refused class="error" refusal back="/notes" />
            <div aria-live="polite">{empty}</div>
            <ul class="rows notes">
                <For each=move || page.get().items key=|note| note.id let:note>
                    <NoteRow note />
                </For>
            </ul>
            {move || busy.get().then(|| view! { <Skeleton rows=3 /> })}
            {older}
        </section>
    }
}

#[component]
fn NoteRow(note: Note) -> impl IntoView {
    let excerpt: String = note.body.chars().take(160).collect();
    view! {
        <li>
            <div>
                <a href=format!("/notes/{}", note.id)>{note.title}</a>
                <p class="excerpt">{excerpt}</p>
            </div>
            <p class="hint"><Time at=note.updated_at /></p>
        </li>
    }
}

#[component]
fn NewNote(account: Uuid, form: FormState, made: Callback<Note>) -> impl IntoView {
    let title = NodeRef::<html::Input>::new();
    let body = NodeRef::<html::Textarea>::new();
    let refusal = Refusal::of(&form);
    let (busy, set_busy) = signal(false);
    let typed = Draft { title: form.value("title"), body: form.value("body") };

    let add = move || {
        let (Some(title), Some(body)) = (title.get_untracked(), body.get_untracked()) else { return };
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        let draft = Draft { title: title.value(), body: body.value() };
        spawn_local(async move {
            let result = create_note(draft, Some(account)).await;
            set_busy.set(false);
            refusal.show(result.as_ref().err());
            focus_wrong(result.as_ref().err(), &title, &body);
            if let Ok(note) = result {
                made.run(note);
                toast("Note added");
                title.set_value("");
                body.set_value("");
                let _ = title.focus();
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        add();
    };
    let shortcut = move |event: ev::KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key() == "Enter" {
            event.prevent_default();
            add();
        }
    };

    view! {
        <section class="card">
            <h2>"New note"</h2>
            <Refused class="notice" refusal back="/notes" />
            <form method="post" action="/notes" on:submit=submit on:keydown=shortcut>
                <FormGuard />
                <Field name="title" label="Title" error=refusal.of_field("title")>
                    <input id="title" name="title" node_ref=title value=typed.title.clone() required autocomplete="off" aria-invalid=refusal.is_about("title") aria-describedby=describedby("title", "") />
                </Field>
                <Field name="body" label="Body" error=refusal.of_field("body")>
                    <textarea id="body" name="body" node_ref=body rows="4" aria-invalid=refusal.is_about("body") aria-describedby=describedby("body", "")>{in_textarea(&typed.body)}</textarea>
                </Field>
                <div class="row">
                    <button aria-busy=move || busy.get().then_some("true")>"Add note"</button>
                    <span class="hint keys">"or " <kbd>"Ctrl"</kbd> " " <kbd>"Enter"</kbd></span>
                </div>
            </form>
        </section>
    }
}

/// One note, to change and to save: by the button, or by Ctrl+S.
#[island]
pub fn NoteEditor(
    /// Whose note it is.
    account: Uuid,
    /// The note.
    id: Uuid,
    /// The version the text below began from.
    version: i64,
    /// The text, and what is wrong with it.
    form: FormState,
) -> impl IntoView {
    let title = NodeRef::<html::Input>::new();
    let body = NodeRef::<html::Textarea>::new();
    let (version, set_version) = signal(version);
    let refusal = Refusal::of(&form);
    let (status, set_status) = signal("");
    let typed = Draft { title: form.value("title"), body: form.value("body") };

    let save = move || {
        let (Some(title), Some(body)) = (title.get_untracked(), body.get_untracked()) else { return };
        if status.get_untracked() == "Saving…" {
            return;
        }
        set_status.set("Saving…");
        let draft = Draft { title: title.value(), body: body.value() };
        spawn_local(async move {
            let result = save_note(id, version.get_untracked(), draft, Some(account)).await;
            set_status.set(if result.is_ok() { "Saved" } else { "Not saved" });
            refusal.show(result.as_ref().err());
            focus_wrong(result.as_ref().err(), &title, &body);
            if let Ok(version) = result {
                set_version.set(version);
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        save();
    };
    let shortcut = move |event: ev::KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key() == "s" {
            event.prevent_default();
            save();
        }
    };
    let changed = move |_| {
        if status.get_untracked() != "Saving…" {
            set_status.set("Not saved yet");
        }
    };

    view! {
        <Refused class="notice" refusal back=format!("/notes/{id}") />
        <form method="post" action=format!("/notes/{id}") on:submit=submit on:keydown=shortcut on:input=changed>
            <FormGuard />
            <input type="hidden" name="version" value=version.get_untracked() prop:value=move || version.get() />
            <Field name="title" label="Title" error=refusal.of_field("title")>
                <input id="title" name="title" node_ref=title value=typed.title.clone() required autocomplete="off" aria-invalid=refusal.is_about("title") aria-describedby=describedby("title", "") />
            </Field>
            <Field name="body" label="Body" error=refusal.of_field("body")>
                <textarea id="body" name="body" node_ref=body rows="14" aria-invalid=refusal.is_about("body") aria-describedby=describedby("body", "")>{in_textarea(&typed.body)}</textarea>
            </Field>
            <div class="row">
                <button aria-busy=move || (status.get() == "Saving…").then_some("true")>"Save"</button>
                <span class="hint" role="status">{move || status.get()}</span>
            </div>
        </form>
    }
}

/// Why something was not done: beside its fields, or above the form.
#[derive(Clone, Copy)]
struct Refusal {
    errors: RwSignal<Vec<FieldError>>,
    notice: RwSignal<Option<String>>,
    signed_out: RwSignal<bool>,
}

impl Refusal {
    fn of(form: &FormState) -> Self {
        let (errors, notice) = (RwSignal::new(form.errors.clone()), RwSignal::new(form.notice.clone()));
        Self { errors, notice, signed_out: RwSignal::new(false) }
    }

    /// Says what `failure` says, or takes back what was said.
    fn show(self, failure: Option<&Details>) {
        let fields = failure.map(|failure| failure.errors.clone()).unwrap_or_default();
        let signed_out = failure.is_some_and(|failure| failure.code == "not_signed_in");
        self.notice.set(
            failure
                .filter(|_| fields.is_empty())
                .map(|failure| if signed_out { SIGNED_OUT.into() } else { failure.detail.clone() }),
        );
        self.errors.set(fields);
        self.signed_out.set(signed_out);
    }

    fn of_field(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.errors
                .with(|errors| errors.iter().find(|error| error.field == name).map(|error| error.message.clone()))
        })
    }

    /// For `aria-invalid`.
    fn is_about(self, name: &'static str) -> impl Fn() -> Option<&'static str> {
        move || self.errors.with(|errors| errors.iter().any(|error| error.field == name)).then_some("true")
    }
}

const SIGNED_OUT: &str = "You have been signed out. What you typed is still here.";

/// What is wrong with the whole. Where the session has ended, a way to sign in that leaves the page as it is.
#[component]
fn Refused(class: &'static str, refusal: Refusal, #[prop(into)] back: String) -> impl IntoView {
    let sign_in = move || {
        let href = format!("/sign-in?next={back}");
        refusal
            .signed_out
            .get()
            .then(|| view! { " " <a href=href target="_blank">"Sign in"</a> " (opens a new tab), then try again." })
    };
    view! {
        <p class=class role="alert" hidden=move || refusal.notice.with(Option::is_none)>{move || refusal.notice.get()}{sign_in}</p>
    }
}

/// Puts the cursor where something has to be changed.
fn focus_wrong(failure: Option<&Details>, title: &web_sys::HtmlElement, body: &web_sys::HtmlElement) {
    let first = failure.and_then(|failure| failure.errors.first()).map(|error| error.field.as_str());
    let _ = match first {
        Some("title") => title.focus(),
        Some("body") => body.focus(),
        _ => Ok(()),
    };
}

/// For a query string (RFC 3986 section 2.1).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
