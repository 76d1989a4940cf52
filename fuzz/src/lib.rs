//! The fuzz targets. The protocol core is compiled in as source: it imports nothing of the crate outside itself, so a
//! fuzzer need not build (nor instrument) a server and a database around it.
#[path = "../../src/scim/mod.rs"]
pub mod scim;
pub mod targets;
