//! The UNIX socket that the server listens on.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

use crate::cli::lock::{Lock, NoLock};

/// The file of a socket, which is removed when this is dropped, unless it is another one by then.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
    _lock: Lock,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens on the UNIX socket `path`, to which those can connect whom `mode` permits. A socket that a killed server has
/// left there is replaced; one on which somebody listens is not, and neither is any other file.
///
/// # Errors
/// One line for the operator.
pub(super) fn bind(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), String> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot listen on unix:{}: {error}", path.display());
    let beside = |end: &str| PathBuf::from(format!("{}{end}", path.display()));
    // The lock decides between two servers that start at the same time.
    let lock = Lock::take(&beside(".lock")).map_err(|reason| match reason {
        NoLock::Held(_) => cannot(&"another server listens there"),
        NoLock::Failed(error) => cannot(&error),
    })?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot(&error)),
        Ok(found) if !found.file_type().is_socket() => return Err(cannot(&"there is a file that is not a socket")),
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(cannot(&"another program listens there")),
        Ok(_) => {}
    }
    // Under another name first, so that nobody connects before the permissions are set.
    let new = beside(".new");
    let _ = fs::remove_file(&new);
    let listen = || -> io::Result<(UnixListener, u64)> {
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(mode))?;
        let inode = fs::symlink_metadata(&new)?.ino();
        fs::rename(&new, path)?;
        Ok((listener, inode))
    };
    let (listener, inode) = listen().map_err(|error| {
        let _ = fs::remove_file(&new);
        cannot(&error)
    })?;
    Ok((listener, SocketFile { path: path.to_owned(), inode, _lock: lock }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_that_was_left_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        let (listener, file) = bind(&path, 0o660).unwrap();
        assert_eq!(mode(&path), 0o660);
        let error = bind(&path, 0o660).unwrap_err();
        assert!(error.contains("another server listens there") && error.contains("http.sock"), "{error}");
        drop((listener, file));
        assert!(!path.exists(), "and it is removed at the end");

        // As `kill -9` leaves it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let (listener, file) = bind(&path, 0o600).unwrap();
        assert_eq!(mode(&path), 0o600);
        // Another one took its place.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "not a socket").unwrap();
        drop((listener, file));
        assert!(path.exists() && bind(&path, 0o660).unwrap_err().contains("not a socket"));
        fs::remove_file(&path).unwrap();
        let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(bind(&path, 0o660).unwrap_err().contains("another program listens"));
        drop(theirs);
    }
}
