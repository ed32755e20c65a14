//! The paths of a JSON mount, to name the one that was perhaps meant by a request for another.

use std::sync::Arc;

use axum::extract::{Extension, OriginalUri};
use utoipa::openapi::OpenApi;

use crate::http::problem::Problem;

/// How much a path may differ from the one that was meant: a changed character counts 1, a segment that stands for a
/// parameter as well, and a segment too many or too few 2.
const FARTHEST: usize = 2;
/// The longest path for which the nearest one is looked for, in bytes.
const LONGEST: usize = 200;

/// The paths of a mount.
#[derive(Clone, Debug)]
pub struct KnownPaths(Arc<[String]>);

impl KnownPaths {
    /// Those that `api` describes, which is mounted at `mount`.
    pub fn of(mount: &str, api: &OpenApi) -> Self {
        Self(api.paths.paths.keys().map(|path| format!("{mount}{path}")).collect())
    }

    /// The path that is nearest to `path`, if one is near.
    fn nearest(&self, path: &str) -> Option<&str> {
        if path.len() > LONGEST {
            return None;
        }
        let asked: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let distances = self.0.iter().map(|known| (distance(&asked, &known.split('/').collect::<Vec<_>>()), known));
        let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
        (distance <= FARTHEST).then_some(nearest)
    }
}

/// The fallback of a mount: 404 with the path that was perhaps meant. Below both mounts, only the pages' own 404 would
/// answer otherwise (T19).
pub async fn no_such_path(known: Option<Extension<KnownPaths>>, OriginalUri(uri): OriginalUri) -> Problem {
    let nearest = known.and_then(|Extension(known)| known.nearest(uri.path()).map(str::to_owned));
    Problem::RouteNotFound(nearest)
}

/// The least changes that make `asked` the path `known`.
fn distance(asked: &[&str], known: &[&str]) -> usize {
    const SEGMENT: usize = 2;
    let mut row: Vec<_> = (0..=known.len()).map(|count| count * SEGMENT).collect();
    for segment in asked {
        let mut next = vec![row[0] + SEGMENT];
        for (index, other) in known.iter().enumerate() {
            let changed = row[index].saturating_add(difference(segment, other));
            next.push(changed.min(row[index + 1] + SEGMENT).min(next[index] + SEGMENT));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// By how many characters two segments differ. Those that have little in common are no slip of the pen.
fn difference(asked: &str, known: &str) -> usize {
    if known.starts_with('{') {
        return if asked.is_empty() { usize::MAX / 2 } else { 1 };
    }
    let changes = strsim::levenshtein(&asked.to_lowercase(), known);
    if changes * 3 <= known.len() { changes } else { usize::MAX / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_nearly_right_is_named() {
        let paths = ["/login", "/me", "/invoices", "/invoices/{id}", "/tokens/{id}", "/token/renew"];
        let known = KnownPaths(paths.iter().map(|path| format!("/api/v1{path}")).collect());
        for (asked, meant) in [
            ("/api/v1/invoice", "/api/v1/invoices"),
            ("/api/v1/invoices/", "/api/v1/invoices"),
            ("/api/v1/Invoices", "/api/v1/invoices"),
            ("/api/invoices", "/api/v1/invoices"),
            ("/api/v1/v1/invoices", "/api/v1/invoices"),
            ("/api/v1/invoice/17", "/api/v1/invoices/{id}"),
            ("/api/v1/token/17", "/api/v1/tokens/{id}"),
            ("/api/v1/users/me", "/api/v1/me"),
        ] {
            assert_eq!(known.nearest(asked), Some(meant), "{asked}");
        }
        let long = format!("/api/v1/invoices/{}", "x/".repeat(1_000));
        for far in ["/api/v1/nonsense", "/api/v1/my", "/api", "", "/", &long] {
            assert_eq!(known.nearest(far), None, "{far}");
        }
    }
}
