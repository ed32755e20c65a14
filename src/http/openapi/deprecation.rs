//! Deprecated operations. One declaration marks them in the OpenAPI document and in every answer
//! (`docs/api-versioning.md`).

use axum::{
    http::{HeaderName, HeaderValue, header},
    middleware::map_response,
    response::Response,
};
use time::{Date, Month};
use utoipa::openapi::{Deprecated, Header, RefOr};
use utoipa_axum::router::UtoipaMethodRouter;

use super::mount::operations;

/// `Deprecation` (RFC 9745)
static DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// `Sunset` (RFC 8594)
static SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The headers of the answers, as the document names them.
const HEADERS: [&str; 3] = ["Deprecation", "Sunset", "Link"];

/// When operations were deprecated, and when they may be removed. Days begin at midnight UTC.
///
/// ```
/// # use time::Month;
/// # use vestibule::http::openapi::{Deprecation, day};
/// const OLD_SEARCH: Deprecation = Deprecation::new(
///     day(2027, Month::March, 1),
///     day(2028, Month::March, 1),
///     "https://example.com/changes#search",
/// );
/// // In the feature's `routes`: OpenApiRouter::new().routes(OLD_SEARCH.mark(routes!(search)))
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deprecation {
    since: Date,
    sunset: Date,
    guide: &'static str,
}

/// A day, for a `const`: one that does not exist fails to compile.
///
/// # Panics
/// If there is no such day.
pub const fn day(year: i32, month: Month, day: u8) -> Date {
    match Date::from_calendar_date(year, month, day) {
        Ok(date) => date,
        Err(_) => panic!("there is no such day"),
    }
}

impl Deprecation {
    /// The shortest time between the announcement and the removal, in days.
    pub const NOTICE_DAYS: i32 = 365;

    /// Operations that are deprecated `since` a day, and may be removed on the day of `sunset`. `guide` is the URL of a
    /// page that says what to use instead.
    ///
    /// # Panics
    /// If less than [`Self::NOTICE_DAYS`] lie between; in a `const`, it fails to compile.
    pub const fn new(since: Date, sunset: Date, guide: &'static str) -> Self {
        assert!(sunset.to_julian_day() - since.to_julian_day() >= Self::NOTICE_DAYS, "clients get a year");
        Self { since, sunset, guide }
    }

    /// Marks every operation of `routes`.
    pub fn mark<S>(self, (schemas, mut paths, router): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        for operation in paths.paths.values_mut().flat_map(operations) {
            operation.deprecated = Some(Deprecated::True);
            let notice = format!(
                "Deprecated since {}, and may be removed from {} on. See {} for what to use instead.",
                self.since, self.sunset, self.guide
            );
            let description = operation.description.take().filter(|text| !text.is_empty());
            operation.description = Some(description.into_iter().chain([notice]).collect::<Vec<_>>().join("\n\n"));
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                for name in HEADERS.into_iter().filter(|_| status.as_str() < "400") {
                    response.headers.insert(name.into(), Header::default().into());
                }
            }
        }
        // Not on the answer to another method, which is not deprecated.
        let router =
            router.route_layer(map_response(move |response: Response| async move { self.announced_in(response) }));
        (schemas, paths, router)
    }

    fn announced_in(self, mut response: Response) -> Response {
        let midnight = self.since.midnight().assume_utc().unix_timestamp();
        let link = format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", self.guide);
        let headers = response.headers_mut();
        let texts = [(&DEPRECATION, format!("@{midnight}")), (&SUNSET, http_date(self.sunset)), (&header::LINK, link)];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.append(name, value);
            }
        }
        response
    }
}

/// Midnight of `date` as an HTTP-date (RFC 9110 section 5.6.7).
fn http_date(date: Date) -> String {
    let (weekday, month) = (date.weekday().to_string(), date.month().to_string());
    format!("{weekday:.3}, {:02} {month:.3} {} 00:00:00 GMT", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_look_as_the_rfcs_want() {
        assert_eq!(http_date(day(2027, Month::March, 1)), "Mon, 01 Mar 2027 00:00:00 GMT");
        assert_eq!(http_date(day(2028, Month::December, 31)), "Sun, 31 Dec 2028 00:00:00 GMT");
        // A second after the example of RFC 9745 section 2.1.
        assert_eq!(day(2023, Month::July, 1).midnight().assume_utc().unix_timestamp(), 1_688_169_600);
    }

    #[test]
    #[should_panic(expected = "clients get a year")]
    fn a_removal_is_announced_a_year_ahead() {
        let _ = Deprecation::new(day(2027, Month::March, 1), day(2028, Month::February, 28), "https://example.com");
    }
}
