//! Times, as people read them.

use leptos::prelude::*;

use crate::timestamp::Timestamp;

/// When the page was rendered. The server provides it as context.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Timestamp);

/// A relative time such as "5 minutes ago", with the exact time in `datetime` and in the tooltip. In the browser,
/// `public/page.js` keeps it up to date and shows the exact time in the visitor's time zone.
#[component]
pub fn Time(
    /// The time.
    at: Timestamp,
) -> impl IntoView {
    let exact = at.to_minute();
    let text = use_context::<Now>().map_or_else(|| exact.clone(), |Now(now)| relative(at.seconds_after(now)));
    view! { <time datetime=at.to_string() title=exact>{text}</time> }
}

/// A time `seconds` from now (in the past if negative) in words, to the nearest unit. `public/page.js` says the same.
pub fn relative(seconds: i64) -> String {
    const UNITS: [(i64, i64, &str); 5] = [
        (60, 60, "minute"),
        (3_600, 24, "hour"),
        (86_400, 60, "day"),
        (2_629_800, 12, "month"),
        (31_557_600, i64::MAX, "year"),
    ];
    let distance = seconds.saturating_abs();
    if distance < 45 {
        return if seconds > 0 { "in a moment".into() } else { "just now".into() };
    }
    let mut said = String::new();
    for (length, until, name) in UNITS {
        let count = distance.saturating_add(length / 2) / length;
        if count < until {
            let count = count.max(1);
            let plural = if count == 1 { "" } else { "s" };
            said = format!("{count} {name}{plural}");
            break;
        }
    }
    if seconds > 0 { format!("in {said}") } else { format!("{said} ago") }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn to_the_nearest_unit() {
        for (seconds, said) in [
            (0, "just now"),
            (-44, "just now"),
            (3, "in a moment"),
            (-45, "1 minute ago"),
            (-90, "2 minutes ago"),
            (-3_569, "59 minutes ago"),
            (-3_570, "1 hour ago"),
            (7_200, "in 2 hours"),
            (-86_400, "1 day ago"),
            (86_400 * 7 - 20, "in 7 days"),
            (86_400 * 30 - 1, "in 30 days"),
            (86_400 * 90, "in 3 months"),
            (86_400 * 365, "in 1 year"),
            (-86_400 * 365 * 3, "3 years ago"),
            (i64::MIN, "292271023045 years ago"),
        ] {
            assert_eq!(relative(seconds), said, "{seconds}");
        }
    }
}
