#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn env(pairs: &[(&str, &str)]) -> Env {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// Loads from a data directory that holds `toml` as its settings file.
fn load(toml: &str, env: &Env, flags: &Flags) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(SETTINGS_FILE), toml).unwrap();
    Config::load(dir.path(), None, env, flags)
}

fn sentence(toml: &str, pairs: &[(&str, &str)]) -> String {
    load(toml, &env(pairs), &Flags::new()).unwrap_err().to_string()
}

#[test]
fn defaults_need_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::load(dir.path(), None, &Env::new(), &Flags::new()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(config.public_url.is_none() && config.tls.is_none() && !config.allow_private_targets);
    assert_eq!(
        (config.log_format, config.log_level),
        (LogFormat::Text, Level::INFO)
    );
    assert_eq!(config.base_url(config.listen), "http://127.0.0.1:8080");
}

#[test]
fn later_layers_win() {
    let toml = "listen = \"127.0.0.1:1\"\nworkers = 3\nallow_private_targets = true\nlog_format = \"json\"\n\
                trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    let vars = env(&[("ROLLCALL_LISTEN", "127.0.0.1:2"), ("ROLLCALL_WORKERS", "4")]);
    let config = load(toml, &vars, &Flags::from([("listen", "[::1]:3".to_owned())])).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:3");
    assert_eq!(config.workers, Some(4));
    assert!(config.allow_private_targets);
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
fn a_variable_may_name_a_file_with_the_value() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("value");
    std::fs::write(&file, "https://hub.example\n").unwrap();
    let path = file.to_str().unwrap();
    let config = load("", &env(&[("ROLLCALL_PUBLIC_URL_FILE", path)]), &Flags::new()).unwrap();
    assert_eq!(config.base_url(config.listen), "https://hub.example");
    let twice = sentence(
        "",
        &[
            ("ROLLCALL_PUBLIC_URL_FILE", path),
            ("ROLLCALL_PUBLIC_URL", "http://a"),
        ],
    );
    assert_eq!(
        twice,
        "Both ROLLCALL_PUBLIC_URL and ROLLCALL_PUBLIC_URL_FILE are set: keep one of them."
    );
    assert!(sentence("", &[("ROLLCALL_LISTEN_FILE", "/nowhere/x")]).starts_with("/nowhere/x cannot be read"));
}

#[test]
fn the_setting_that_is_itself_a_file_is_no_indirection() {
    let config = load(
        "",
        &env(&[("ROLLCALL_EXTRA_CA_FILE", "/etc/ca.pem")]),
        &Flags::new(),
    )
    .unwrap();
    assert_eq!(config.extra_ca_file.unwrap(), Path::new("/etc/ca.pem"));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("v"), "/etc/other.pem").unwrap();
    let vars = env(&[(
        "ROLLCALL_EXTRA_CA_FILE_FILE",
        dir.path().join("v").to_str().unwrap(),
    )]);
    assert_eq!(
        load("", &vars, &Flags::new()).unwrap().extra_ca_file.unwrap(),
        Path::new("/etc/other.pem")
    );
}

#[test]
fn unknown_names_are_named() {
    let text = sentence("lisen = \"x\"", &[]);
    assert!(
        text.contains("the key \"lisen\", which is no setting") && text.contains("listen, public_url"),
        "{text}"
    );
    assert!(sentence("[tls]\ncert = \"x\"", &[]).contains("the key \"tls\""));
    assert!(sentence("", &[("ROLLCALL_LISEN", "x")]).contains("ROLLCALL_LISEN, which is no setting"));
    assert!(sentence("", &[("ROLLCALL_PORT", "8080")]).contains("ROLLCALL_PORT"));
}

#[test]
fn what_a_container_platform_injects_is_let_be() {
    let vars = env(&[
        ("ROLLCALL_PORT", "tcp://10.0.0.1:80"),
        ("ROLLCALL_SERVICE_HOST", "10.0.0.1"),
        ("ROLLCALL_PORT_80_TCP", "x"),
    ]);
    assert!(load("", &vars, &Flags::new()).is_ok());
}

#[test]
fn bad_values_say_where_and_what() {
    let text = sentence("", &[("ROLLCALL_LISTEN", "8080")]);
    assert_eq!(
        text,
        "ROLLCALL_LISTEN is \"8080\", which is not an address and port such as 127.0.0.1:8080 or [::1]:8080."
    );
    let flag = load("", &Env::new(), &Flags::from([("log_level", "loud".to_owned())]))
        .unwrap_err()
        .to_string();
    assert!(flag.starts_with("--log-level is \"loud\""), "{flag}");
    assert!(sentence("workers = 0", &[]).contains("workers in /"));
    assert!(sentence("workers = 1.5", &[]).contains("\"float\""));
    assert!(sentence("trusted_proxies = [1]", &[]).contains("list of texts"));
    assert!(sentence("trusted_proxies = \"10.0.0.0/99\"", &[]).contains("list of networks"));
    assert!(sentence("listen = ", &[]).contains("is not valid TOML"));
    assert!(sentence("tls_cert = \"a\"", &[]).contains("tls_cert is set without tls_key"));
    assert!(sentence(&"#".repeat(70_000), &[]).contains("larger than settings can be"));
}

#[test]
fn a_public_url_is_scheme_and_host_alone() {
    for bad in [
        "hub.example",
        "ftp://hub",
        "https://u:p@hub",
        "https://hub/base",
        "https://hub?x",
        "https://hub/#x",
    ] {
        assert!(
            sentence("", &[("ROLLCALL_PUBLIC_URL", bad)]).contains("scheme and host alone"),
            "{bad}"
        );
    }
    let config = load(
        "public_url = \"https://hub.example:8443/\"",
        &Env::new(),
        &Flags::new(),
    )
    .unwrap();
    assert_eq!(config.base_url(config.listen), "https://hub.example:8443");
}

#[test]
fn a_named_file_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let named = dir.path().join("named.toml");
    assert!(Config::load(dir.path(), Some(&named), &Env::new(), &Flags::new()).is_err());
    std::fs::write(&named, "workers = 2").unwrap();
    let by_env = env(&[("ROLLCALL_CONFIG", named.to_str().unwrap())]);
    assert_eq!(
        Config::load(dir.path(), None, &by_env, &Flags::new())
            .unwrap()
            .workers,
        Some(2)
    );
    assert_eq!(
        Config::load(dir.path(), Some(&named), &Env::new(), &Flags::new())
            .unwrap()
            .workers,
        Some(2)
    );
}

#[test]
fn limits_are_set_in_each_layer() {
    let toml = "workers = 2\n[limits]\nbody_bytes = 2000000\nmembers = 500\nper_second = 10\n";
    let vars = env(&[
        ("ROLLCALL_LIMITS_MEMBERS", "600"),
        ("ROLLCALL_LIMITS_NESTING", "20"),
    ]);
    let flags = Flags::from([("limits.nesting", "30".to_owned())]);
    let limits = load(toml, &vars, &flags).unwrap().limits;
    let Limits { request, .. } = limits;
    assert_eq!(
        (request.body_bytes, request.members, request.nesting),
        (2_000_000, 600, 30)
    );
    assert_eq!((limits.per_second, limits.in_flight), (10, 256));
    assert_eq!(
        load("", &Env::new(), &Flags::new()).unwrap().limits,
        Limits::default()
    );
}

#[test]
fn a_limit_has_bounds_and_both_are_named() {
    assert_eq!(
        sentence("", &[("ROLLCALL_LIMITS_NESTING", "128")]),
        "ROLLCALL_LIMITS_NESTING is \"128\", which is not a whole number from 8 to 127."
    );
    let file = sentence("[limits]\nfilter_depth = 0", &[]);
    assert!(
        file.starts_with("limits.filter_depth in /") && file.contains("from 2 to 100"),
        "{file}"
    );
    let flags = Flags::from([("limits.scan_seconds", "1.5".to_owned())]);
    let flag = load("", &Env::new(), &flags).unwrap_err().to_string();
    assert!(
        flag.starts_with("--limits-scan-seconds is \"1.5\"") && flag.contains("from 1 to 60"),
        "{flag}"
    );
    for row in &limits::ROWS {
        let default = row.default();
        assert!((row.least..=row.most).contains(&default), "{}", row.key);
        assert_eq!(row.flag, row.key.replace(['.', '_'], "-"));
        let mut all = Limits::default();
        row.set(&mut all, default + 1);
        let others = limits::ROWS.iter().filter(|other| {
            let changed = *(other.field)(&mut all.clone()) != other.default();
            changed && other.key != row.key
        });
        assert_eq!(
            (others.count(), all != Limits::default()),
            (0, true),
            "{}",
            row.key
        );
    }
}

#[test]
fn unknown_limits_are_named() {
    let text = sentence("[limits]\nbody = 1", &[]);
    assert!(
        text.contains("the key \"limits.body\"") && text.contains("limits.body_bytes, limits.nesting"),
        "{text}"
    );
    assert!(sentence("limits = 3", &[]).contains("the key \"limits\""));
    assert!(
        sentence("", &[("ROLLCALL_LIMITS_BODY", "1")]).contains("ROLLCALL_LIMITS_BODY, which is no setting")
    );
}
