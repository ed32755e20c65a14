//! One of several, in the same place.

use leptos::{ev::KeyboardEvent, prelude::*};
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

/// Tabs over the panels in `children`, which are [`Panel`]s with the same ids in the same order.
///
/// Until the page is alive, and without JavaScript, the tabs are links to the panels, which stand below one another
/// (ARIA Authoring Practices, "Tabs").
#[island]
pub fn Tabs(
    /// What the choice is about.
    label: String,
    /// The panels' ids and what their tabs say.
    tabs: Vec<(String, String)>,
    children: Children,
) -> impl IntoView {
    let (alive, set_alive) = signal(false);
    let (chosen, set_chosen) = signal(0_usize);
    let ids: Vec<String> = tabs.iter().map(|(id, _)| id.clone()).collect();

    Effect::new({
        let ids = ids.clone();
        move |_| {
            for (index, id) in ids.iter().enumerate() {
                let Some(panel) = document().get_element_by_id(id) else { continue };
                let _ = panel.set_attribute("role", "tabpanel");
                let _ = panel.set_attribute("aria-labelledby", &format!("{id}-tab"));
                let _ = panel.toggle_attribute_with_force("hidden", index != chosen.get());
            }
            set_alive.set(true);
        }
    });

    let choose = move |index: usize| {
        set_chosen.set(index);
        let tab = document().get_element_by_id(&format!("{}-tab", ids[index]));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
            let _ = tab.focus();
        }
    };
    let count = tabs.len();
    let pressed = {
        let choose = choose.clone();
        move |event: KeyboardEvent| {
            let at = chosen.get_untracked();
            let next = match event.key().as_str() {
                "ArrowRight" => (at + 1) % count,
                "ArrowLeft" => (at + count - 1) % count,
                "Home" => 0,
                "End" => count - 1,
                _ => return,
            };
            event.prevent_default();
            choose(next);
        }
    };
    let tab = move |(index, (id, name)): (usize, (String, String))| {
        let choose = choose.clone();
        view! {
            <a
                id=format!("{id}-tab")
                href=format!("#{id}")
                role=move || alive.get().then_some("tab")
                aria-selected=move || alive.get().then(|| (chosen.get() == index).to_string())
                aria-controls=id.clone()
                tabindex=move || (alive.get() && chosen.get() != index).then_some("-1")
                on:click=move |event| {
                    event.prevent_default();
                    choose(index);
                }
            >
                {name}
            </a>
        }
    };
    view! {
        <div class="tabs">
            <div class="tablist" role=move || alive.get().then_some("tablist") aria-label=label on:keydown=pressed>
                {tabs.into_iter().enumerate().map(tab).collect_view()}
            </div>
            {children()}
        </div>
    }
}

/// What one tab shows.
#[component]
pub fn Panel(
    /// An id no other element of the page has.
    id: &'static str,
    children: Children,
) -> impl IntoView {
    view! { <div class="panel" id=id tabindex="0">{children()}</div> }
}
