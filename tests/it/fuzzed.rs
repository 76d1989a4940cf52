//! The corpus of the fuzz targets, replayed: what a fuzzer once found stays mended. `tests/long/fuzz.sh` makes it.

use std::fs;
use std::path::Path;

use rollcall::scim;

#[path = "../../fuzz/src/targets.rs"]
mod targets;

#[test]
fn what_fuzzing_found_holds() {
    for (name, target) in targets::ALL {
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/corpus/{name}.jsonl"));
        let lines = fs::read_to_string(&packed).unwrap();
        assert!(lines.lines().count() > 100, "{name} has a corpus");
        for line in lines.lines() {
            // A character for each byte.
            let input: String = serde_json::from_str(line).unwrap();
            let bytes: Vec<u8> = input
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect();
            let held = std::panic::catch_unwind(|| target(&bytes));
            assert!(held.is_ok(), "{name}: {line}");
        }
    }
}
