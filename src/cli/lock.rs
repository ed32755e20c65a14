//! Locks that hold for as long as the process runs: a file beside what is locked, with `flock` on it. The system releases
//! it with the process, however that ends, so a crash blocks no start.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// A lock, until this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NoLock {
    /// Another process has it. Its ID, if the file says so.
    Held(Option<u32>),
    /// The file cannot be made, or its file system has no locks.
    Failed(io::Error),
}

impl Lock {
    /// Takes the lock `file`, which is created if it is missing, and writes into it who has it.
    pub(super) fn take(file: &Path) -> Result<Self, NoLock> {
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(file);
        let mut file = opened.map_err(NoLock::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NoLock::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(NoLock::Failed(error)),
        }
        // For people only: the lock is not in what the file says.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(20).read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        let lock = Lock::take(&file).unwrap();
        let ours = std::process::id();
        assert!(matches!(Lock::take(&file), Err(NoLock::Held(Some(id))) if id == ours));
        drop(lock);
        drop(Lock::take(&file).unwrap());
        assert!(matches!(Lock::take(folder.path()), Err(NoLock::Failed(_))));
    }
}
