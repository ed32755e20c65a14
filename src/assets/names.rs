//! The public names of files.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{file::File, source};

/// The files of the site and their public paths.
#[derive(Clone, Debug)]
pub struct Assets {
    root: Arc<PathBuf>,
    origin: Arc<str>,
    /// From a file's plain path (`pkg/vestibule.wasm`) to its public one (`pkg/vestibule.0123abcd.wasm`).
    public: Arc<HashMap<String, String>>,
    /// From a file's public path to its plain one.
    plain: Arc<HashMap<String, String>>,
}

impl Assets {
    /// Finds the files of the site at `origin`. `site_root` is their folder, if they are not in the binary.
    pub fn load(site_root: &str, origin: &str) -> Self {
        let public: HashMap<_, _> =
            source::hashes().into_iter().map(|(path, hash)| (path.clone(), named(&path, &hash))).collect();
        let plain = public.iter().map(|(plain, public)| (public.clone(), plain.clone())).collect();
        Self {
            root: Arc::new(site_root.into()),
            origin: origin.into(),
            public: Arc::new(public),
            plain: Arc::new(plain),
        }
    }

    /// The URL path of the file `path`, for a page to link to.
    pub fn url(&self, path: &str) -> String {
        format!("/{}", self.public.get(path).map_or(path, String::as_str))
    }

    /// The origin of the site.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The plain path of a public one, and whether the public name holds a hash.
    pub(super) fn resolve<'a>(&'a self, path: &'a str) -> (&'a str, bool) {
        self.plain.get(path).map_or((path, false), |plain| (plain.as_str(), true))
    }

    pub(super) async fn read(&self, path: &str, encodings: &[&'static str]) -> Option<File> {
        source::read(&self.root, path, encodings).await
    }
}

/// `pkg/vestibule.wasm` with the hash `0123abcd` becomes `pkg/vestibule.0123abcd.wasm`.
fn named(path: &str, hash: &str) -> String {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
    match extension {
        Some(extension) => format!("{}.{hash}.{extension}", &path[..path.len() - extension.len() - 1]),
        None => format!("{path}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_hash_goes_before_the_extension() {
        assert_eq!(named("pkg/vestibule.wasm", "0123"), "pkg/vestibule.0123.wasm");
        assert_eq!(named("robots", "0123"), "robots.0123");
    }
}
