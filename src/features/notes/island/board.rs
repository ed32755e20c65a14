//! The list of notes: search, pages, and the form for a new one.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::new_note::NewNote;
use crate::{
    features::notes::{Note, NotesPage, server_fns::list_notes},
    ui::{Empty, FormErrors, FormNotice, FormState, Skeleton, Time},
};

/// How long to wait after the last keystroke before searching.
const SEARCH_DELAY: Duration = Duration::from_millis(200);

/// What `<noscript>` contains is an element only in browsers without scripts; in all others it is text. So it is set as
/// text here, or hydration would look for a button that is not there.
const SEARCH_BUTTON: &str = r#"<button class="quiet">Search</button>"#;

/// Lists and searches the account's notes, and adds new ones at the top.
#[island]
pub fn NoteBoard(
    /// The account the page was rendered for.
    account: Uuid,
    /// The first page of notes.
    first: NotesPage,
    /// The search term, or empty.
    q: String,
    /// The form for a new note: empty, or what was typed and is wrong with it.
    form: FormState,
) -> impl IntoView {
    let (page, set_page) = signal(first);
    let (query, set_query) = signal(q.clone());
    let errors = FormErrors::of(&FormState::default());
    let (busy, set_busy) = signal(false);

    let shown = StoredValue::new(q.clone());
    // `page.js` asks for it again after a change elsewhere. Then there are to be as many notes as before.
    let mut search = debounce(SEARCH_DELAY, move |q: String| {
        spawn_local(async move {
            let wanted = if shown.get_value() == q { page.with_untracked(|page| page.items.len()) } else { 0 };
            let mut found = list_notes(q.clone(), None, Some(account)).await;
            while let Ok(first) = &mut found
                && first.items.len() < wanted
                && let Some(cursor) = first.next_cursor.take()
            {
                found = list_notes(q.clone(), Some(cursor), Some(account)).await.map(|older| NotesPage {
                    items: [std::mem::take(&mut first.items), older.items].concat(),
                    ..older
                });
            }
            // The person has typed on: a newer search is on its way.
            if query.get_untracked() != q {
                return;
            }
            errors.show(found.as_ref().err());
            if let Ok(found) = found {
                shown.set_value(q);
                set_page.set(found);
            }
        });
    });
    let on_input = move |event| {
        let q = event_target_value(&event);
        set_query.set(q.clone());
        search(q);
    };
    let load_older = move |event: ev::MouseEvent| {
        event.prevent_default();
        let cursor = page.with_untracked(|page| page.next_cursor.clone());
        if busy.get_untracked() || cursor.is_none() {
            return;
        }
        set_busy.set(true);
        spawn_local(async move {
            let found = list_notes(query.get_untracked(), cursor.clone(), Some(account)).await;
            set_busy.set(false);
            errors.show(found.as_ref().err());
            if let Ok(mut found) = found {
                set_page.update(|page| {
                    // Unless the list was loaded anew meanwhile.
                    if page.next_cursor == cursor {
                        page.items.append(&mut found.items);
                        page.next_cursor = found.next_cursor;
                    }
                });
            }
        });
    };
    let on_created = Callback::new(move |note: Note| {
        set_page.update(|page| {
            // It may have been loaded already, because of the event that tells of it.
            page.items.retain(|other| other.id != note.id);
            page.items.insert(0, note);
        });
    });
    let older = move || {
        page.with(|page| page.next_cursor.clone()).map(|cursor| {
            let href = query.with(|q| format!("/notes?cursor={cursor}&q={}", utf8_percent_encode(q, NON_ALPHANUMERIC)));
            let busy = move || busy.get().then_some("true");
            view! { <a class="button quiet" href=href on:click=load_older aria-busy=busy>"Older notes"</a> }
        })
    };
    let empty = move || {
        // After a failed search it is not known whether there are any.
        let known = !errors.has_notice();
        (known && page.with(|page| page.items.is_empty())).then(|| {
            if query.with(|q| q.trim().is_empty()) {
                view! { <Empty title="No notes yet.">"Write the first one above. Only you can read it."</Empty> }
            } else if page.with(|page| page.next_cursor.is_some()) {
                view! { <Empty title="No match so far.">"There are older notes to search."</Empty> }
            } else {
                view! { <Empty title="No note contains that.">"The search looks at titles and bodies."</Empty> }
            }
        })
    };

    view! {
        <NewNote account form on_created />
        <section class="card">
            <form method="get" action="/notes" role="search" on:submit=|event| event.prevent_default()>
                <label for="q">"Search notes"</label>
                <div class="row">
                    <input id="q" name="q" type="search" maxlength="200" value=q on:input=on_input autocomplete="off" />
                    <noscript inner_html=SEARCH_BUTTON></noscript>
                </div>
            </form>
            <FormNotice class="error" errors back="/notes" />
            <div aria-live="polite">{empty}</div>
            <ul class="rows notes">
                <For each=move || page.get().items key=|note| (note.id, note.updated_at) let:note>
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
    let excerpt = note.excerpt();
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
