//! Where the browser comes in.

use wasm_bindgen::prelude::wasm_bindgen;

/// Readies Leptos for the islands of a page the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
