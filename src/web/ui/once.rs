//! Forms whose answer shows a secret are taken once: a reload sends the same form again and must not make a second
//! key.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Forms remembered.
const REMEMBERED: usize = 1000;

/// The marks of forms that were sent.
#[derive(Default)]
pub struct Once(Mutex<VecDeque<String>>);

impl Once {
    /// Whether a form with this mark comes for the first time. A form without one always does.
    pub fn is_first(&self, mark: &str) -> bool {
        if mark.is_empty() {
            return true;
        }
        let mark: String = mark.chars().take(64).collect();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&mark) {
            return false;
        }
        if seen.len() >= REMEMBERED {
            seen.pop_front();
        }
        seen.push_back(mark);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_counts_once() {
        let once = Once::default();
        assert!(once.is_first("a") && once.is_first("b"));
        assert!(!once.is_first("a"));
        assert!(once.is_first("") && once.is_first(""));
        for i in 0..REMEMBERED {
            assert!(once.is_first(&i.to_string()));
        }
        assert!(once.is_first("a"));
    }
}
