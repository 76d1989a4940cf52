//! The one-time code that proves to `/setup` that the visitor can see the server's terminal or files. It lives as long
//! as the process and until the first admin exists.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Secret, setup_code, setup_code_matches};

/// The code, while it is needed.
#[derive(Debug)]
pub struct SetupCode(Mutex<Option<Secret>>);

impl SetupCode {
    /// A new code, or none when there is an admin already.
    #[must_use]
    pub fn new(needed: bool) -> Self {
        Self(Mutex::new(needed.then(setup_code)))
    }

    /// Whether the hub waits to be set up.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether `typed` is the code.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        let code = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        code.as_ref().is_some_and(|code| setup_code_matches(code, typed))
    }

    /// There is an admin now.
    pub fn used(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Lets `show` put the code before a person's eyes: a terminal.
    pub fn show(&self, show: impl FnOnce(&str)) {
        if let Some(code) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            show(code.expose());
        }
    }

    /// Writes the code to a file that only its owner can read; its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_to(&self, dir: &Path) -> io::Result<PathBuf> {
        let path = dir.join("setup-code");
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        let mut written = Ok(());
        self.show(|code| written = writeln!(file, "{code}"));
        written.map(|()| path)
    }
}
