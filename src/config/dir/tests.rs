#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn mode(dir: &Path) -> u32 {
    fs::metadata(dir).unwrap().mode() & 0o777
}

#[test]
fn the_flag_goes_before_the_environment_before_the_home() {
    let said = env(&[("ROLLCALL_DATA_DIR", "/srv/r"), ("HOME", "/home/ada")]);
    assert_eq!(data_dir(Some(Path::new("/x")), &said).unwrap(), Path::new("/x"));
    assert_eq!(data_dir(None, &said).unwrap(), Path::new("/srv/r"));
    assert!(data_dir(Some(Path::new("x")), &said).unwrap().is_absolute());
    let home = env(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "relative")]);
    assert_eq!(
        default_dir(false, &home).unwrap(),
        Path::new("/home/ada/.local/share/rollcall")
    );
    assert_eq!(default_dir(true, &home).unwrap(), Path::new("/var/lib/rollcall"));
    let xdg = env(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]);
    assert_eq!(default_dir(false, &xdg).unwrap(), Path::new("/data/rollcall"));
    assert_eq!(default_dir(false, &Env::new()), None);
}

#[test]
fn it_is_made_private_and_an_empty_one_is_taken_over() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("a/b");
    assert!(matches!(check_data_dir(&dir), Err(ConfigError::NoDataDir(_))));
    prepare_data_dir(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
    check_data_dir(&dir).unwrap();
    fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
    prepare_data_dir(&dir).unwrap();
    assert_eq!(mode(&dir), 0o700);
}

#[test]
fn a_directory_with_content_keeps_its_mode_and_must_not_be_open() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter"), "").unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    prepare_data_dir(dir.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    fs::set_permissions(dir.path(), Permissions::from_mode(0o775)).unwrap();
    assert!(matches!(prepare_data_dir(dir.path()), Err(ConfigError::Open(_))));
    let file = dir.path().join("letter");
    assert!(matches!(
        prepare_data_dir(&file),
        Err(ConfigError::NotADirectory(_))
    ));
}

#[test]
fn another_users_directory_is_refused() {
    let other = if rustix::process::geteuid().is_root() {
        None
    } else {
        Some(Path::new("/"))
    };
    if let Some(other) = other {
        assert!(matches!(
            prepare_data_dir(other),
            Err(ConfigError::Foreign { .. })
        ));
    }
}
