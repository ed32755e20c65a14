//! A person's initials, or the letter of an application, as a picture.

use leptos::prelude::*;

/// The number of colours in `style/parts/avatar.css`.
const COLOURS: u32 = 6;

/// A person's initials, or the letter of an application, in a colour derived from the name. Hidden from screen readers:
/// show the name beside it.
#[component]
pub fn Avatar(
    /// The person's name.
    #[prop(into)]
    name: String,
    /// What is shown in place of the initials, unless it is empty.
    #[prop(optional, into)]
    letter: String,
) -> impl IntoView {
    let colour = name.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % COLOURS;
    let shown = if letter.is_empty() { initials(&name) } else { letter };
    view! { <span class="avatar" data-colour=colour aria-hidden="true">{shown}</span> }
}

/// The first letters of the first and the last word of `name`.
fn initials(name: &str) -> String {
    let mut emails = name.split_whitespace().filter_map(|word| word.chars().next());
    let (first, last) = (emails.next(), emails.next_back());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn two_letters_at_most() {
        assert_eq!(initials("Ada Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials("  Augusta Ada King "), "AK");
        assert_eq!(initials("Émile Zola"), "ÉZ");
        assert_eq!(initials(" "), "");
    }
}
