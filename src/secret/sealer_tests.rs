#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn ready(dir: &Path, known: Option<&str>) -> Sealer {
    match Sealer::open_or_create(dir, known).unwrap() {
        KeyState::Ready(sealer) => sealer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_key_is_made_once_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = ready(dir.path(), None);
    let file = dir.path().join(KEY_FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap().len(), 65);
    let again = ready(dir.path(), Some(&first.fingerprint()));
    assert_eq!(again.fingerprint(), first.fingerprint());
    let sealed = first.seal("instance/1", "token", &Secret::new("s3cret".into()));
    assert_eq!(
        again.open("instance/1", "token", &sealed).unwrap().expose(),
        "s3cret"
    );
}

#[test]
fn a_known_key_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Sealer::open_or_create(dir.path(), Some("abc")).unwrap(),
        KeyState::Missing
    ));
    assert!(!dir.path().join(KEY_FILE).exists());
    ready(dir.path(), None);
    assert!(matches!(
        Sealer::open_or_create(dir.path(), Some("abc")).unwrap(),
        KeyState::Foreign
    ));
    fs::write(dir.path().join(KEY_FILE), "rubbish").unwrap();
    assert!(matches!(
        Sealer::open_or_create(dir.path(), Some("abc")).unwrap(),
        KeyState::Foreign
    ));
    assert!(matches!(
        Sealer::open_or_create(dir.path(), None),
        Err(SecretError::Damaged(_))
    ));
    assert_eq!(fs::read_to_string(dir.path().join(KEY_FILE)).unwrap(), "rubbish");
}

#[test]
fn a_loose_mode_is_tightened() {
    let dir = tempfile::tempdir().unwrap();
    ready(dir.path(), None);
    let file = dir.path().join(KEY_FILE);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    ready(dir.path(), None);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_value_opens_only_unchanged_and_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let sealer = ready(dir.path(), None);
    let plain = Secret::new("token of the app".into());
    let sealed = sealer.seal("ab", "c", &plain);
    assert_ne!(sealed, sealer.seal("ab", "c", &plain), "nonces differ");
    for (row, column) in [("a", "bc"), ("ab", "d"), ("abc", ""), ("", "abc")] {
        assert!(matches!(
            sealer.open(row, column, &sealed),
            Err(SecretError::Sealed)
        ));
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(sealer.open("ab", "c", &changed).is_err(), "byte {at}");
        assert!(sealer.open("ab", "c", &sealed[..at]).is_err(), "cut at {at}");
    }
    let other = tempfile::tempdir().unwrap();
    assert!(ready(other.path(), None).open("ab", "c", &sealed).is_err());
}

#[test]
fn debug_shows_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let shown = format!("{:?}", ready(dir.path(), None));
    let key = fs::read_to_string(dir.path().join(KEY_FILE)).unwrap();
    assert!(!key.contains(shown.trim_start_matches("Sealer(").trim_end_matches(')')));
    assert!(!shown.contains(key.trim()));
}
