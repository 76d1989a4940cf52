//! demo
pub mod relay;
