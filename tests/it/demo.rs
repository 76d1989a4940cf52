//! The README's first command, as a stranger runs it: a minute of people moving, and both sides equal at its end.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_minute_of_the_demo_ends_with_both_sides_equal() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    demo.args(["demo", "--seconds", "60", "--json", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLLCALL_")) {
        demo.env_remove(name);
    }
    let ended = demo.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}");
    let counts: Value = serde_json::from_slice(&ended.stdout).unwrap();
    for (what, least) in [
        ("people_hub", 40),
        ("groups_hub", 6),
        ("joined", 3),
        ("moved", 3),
        ("left", 1),
    ] {
        assert!(counts[what].as_u64() >= Some(least), "{what}: {counts}");
    }
    for what in ["outage_seen", "healed", "rejected_seen", "mended", "equal"] {
        assert_eq!(counts[what], true, "{what}: {counts}\n{told}");
    }
    assert!(counts["pushed_ms_max"].as_u64() < Some(5000), "{counts}");
}
