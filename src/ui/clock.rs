//! Keeps the relative times on the page up to date, and shows exact times in the visitor's time zone.

use std::time::Duration;

use js_sys::{Array, Date, Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, MutationObserver, MutationObserverInit};

use super::time::relative;

const INTERVAL: Duration = Duration::from_secs(20);

/// Updates every time on the page at intervals, and times that islands add at once.
pub fn run() {
    update_all();
    set_interval(update_all, INTERVAL);
    let added = Closure::<dyn Fn(Array)>::new(|changes: Array| {
        // Our own updates change text only, which this does not observe, so it does not trigger itself.
        if changes.length() > 0 {
            update_all();
        }
    });
    let (Ok(observer), Some(body)) = (MutationObserver::new(added.as_ref().unchecked_ref()), document().body()) else {
        return;
    };
    let options = MutationObserverInit::new();
    options.set_child_list(true);
    options.set_subtree(true);
    let _ = observer.observe_with_options(&body, &options);
    added.forget();
}

fn update_all() {
    let Ok(times) = document().query_selector_all("time[datetime]") else { return };
    for index in 0..times.length() {
        if let Some(time) = times.item(index).and_then(|node| node.dyn_into::<Element>().ok()) {
            update(&time);
        }
    }
}

fn update(time: &Element) {
    let Some(at) = time.get_attribute("datetime").map(|text| Date::new(&text.into())) else { return };
    if at.get_time().is_nan() {
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a float holds every second of the calendar")]
    let said = relative(((at.get_time() - Date::now()) / 1000.0).round() as i64);
    let Some(text) = time.first_child() else { return };
    if text.node_value().as_deref() != Some(&said) {
        text.set_node_value(Some(&said));
    }
    let _ = time.set_attribute("title", &exact(&at));
}

/// The date and the time in the visitor's language and time zone.
fn exact(at: &Date) -> String {
    let options = Object::new();
    for (key, value) in [("dateStyle", "full"), ("timeStyle", "long")] {
        let _ = Reflect::set(&options, &key.into(), &value.into());
    }
    String::from(at.to_locale_string("default", &JsValue::from(options)))
}
