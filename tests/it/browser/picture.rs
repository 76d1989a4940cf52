//! The README's picture.
