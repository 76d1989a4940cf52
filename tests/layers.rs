//! Keeps the layers true: reads every source under `src/` and every template, and names each line that breaks
//! a rule.
//!
//! The rules are about what a file may *name*: `kit/rust_paths.rs` reads the names, here stand the tables and
//! the checks.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "kit/rust_paths.rs"]
mod rust_paths;

use rust_paths::{blank_comments_and_strings, blank_test_items, module_of, paths, resolve, test_only};

/// For each layer, the other layers it may import; itself is always allowed. A new module under `src/` needs a row.
const MAY_IMPORT: &[(&str, &str)] = &[
    ("scim", ""),
    ("model", "scim"),
    ("mapping", "scim model"),
    ("store", "scim model clock secret"),
    ("directory", "scim model store clock secret"),
    ("connector", "scim model clock"),
    (
        "sync",
        "scim model mapping store directory connector clock secret",
    ),
    (
        "web",
        "scim model mapping store directory connector sync config clock secret",
    ),
    ("config", "scim"),
    ("clock", "model"),
    ("secret", ""),
    ("app", "*"),
    ("cli", "*"),
    ("demo", "*"),
    ("main", "*"),
    ("lib", "*"),
];

/// Crates that only these places may name.
const CRATE_HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/store"]),
    ("rusqlite_migration", &["src/store"]),
    ("r2d2", &["src/store"]),
    ("r2d2_sqlite", &["src/store"]),
    ("actix_web", &["src/web", "src/app"]),
    ("reqwest", &["src/connector"]),
    ("askama", &["src/web/ui"]),
];

/// Paths that end so read the clock.
const CLOCK_READS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "Uuid::now_v7",
];

/// `web` only reads these: a change to them goes through `directory`, a job is enqueued there or in `sync`.
const WEB_ONLY_READS: &[&str] = &["resources", "members", "links", "jobs"];
/// How the names of their writing functions begin.
const WRITING_VERBS: &str = "add adopt claim clear create delete drop enqueue finish insert mark merge move \
    purge put release remove replace reserve save set tombstone touch update upsert write";

const MAX_LINES: usize = 500;
const MEDIAN_LINES: usize = 150;

// ---- the rules ----

/// What is wrong with one source file, each as `file:line: rule`.
fn check_source(file: &str, text: &str) -> Vec<String> {
    let code = blank_comments_and_strings(text);
    let (live, _) = blank_test_items(&code, text);
    let mut wrong = BTreeSet::new();
    let mut say = |line: usize, rule: String| {
        wrong.insert((line, rule));
    };
    if text
        .lines()
        .find(|l| !l.trim().is_empty())
        .is_some_and(|l| !l.starts_with("//!"))
    {
        say(
            1,
            "a module opens with `//!`: what it is, what it is not".to_owned(),
        );
    }
    for (n, line) in code.lines().enumerate() {
        let dense: String = line.split_whitespace().collect();
        if dense.contains("[allow(") || dense.contains(",allow(") {
            say(
                n + 1,
                "`#[expect(…, reason = …)]` instead of `#[allow(…)]`".to_owned(),
            );
        }
        if dense.contains("todo!") || dense.contains("unimplemented!") {
            say(n + 1, "nothing is left open with `todo!`".to_owned());
        }
    }
    for (n, line) in live.lines().enumerate() {
        if line.contains(".unwrap()") {
            say(n + 1, "no `unwrap()` outside tests".to_owned());
        }
    }
    let module = module_of(file);
    let layer = module[0].as_str();
    let Some((_, may)) = MAY_IMPORT.iter().find(|(l, _)| *l == layer) else {
        say(1, format!("`{layer}` is not in the table of layers"));
        return report(file, wrong);
    };
    let named = paths(&live);
    let uses: HashMap<String, Vec<String>> = named
        .iter()
        .filter_map(|p| Some((p.bound_to.clone()?, p.segments.clone())))
        .collect();
    for path in &named {
        let (ours, full) = resolve(&path.segments, &module, &uses);
        let names: Vec<&str> = full.iter().map(String::as_str).collect();
        let ends = names[names.len().saturating_sub(2)..].join("::");
        if CLOCK_READS.contains(&ends.as_str()) && file != "src/clock.rs" {
            say(
                path.line,
                format!("`{ends}`: the clock is read in src/clock.rs only"),
            );
        }
        let Some(&root) = names.first() else { continue };
        if !ours {
            if let Some((_, homes)) = CRATE_HOMES.iter().find(|(c, _)| *c == root)
                && !homes
                    .iter()
                    .any(|h| file.starts_with(&format!("{h}/")) || file == format!("{h}.rs"))
            {
                say(
                    path.line,
                    format!("`{root}` is named under {} only", homes.join(" and ")),
                );
            }
            continue;
        }
        if root == layer {
            let (from, to) = (module.get(1).map(String::as_str), names.get(1).copied());
            if layer == "web"
                && matches!(
                    (from, to),
                    (Some("scim"), Some("ui")) | (Some("ui"), Some("scim"))
                )
            {
                say(path.line, "web/scim and web/ui do not see each other".to_owned());
            }
            continue;
        }
        if *may != "*" && !may.split(' ').any(|m| m == root) {
            say(path.line, format!("`{layer}` may not import `crate::{root}`"));
        }
        if layer != "web" {
            continue;
        }
        match names[..] {
            ["connector", "catalog", ..] => {}
            ["connector", ..] => say(
                path.line,
                "`web` may import the connector's catalog only".to_owned(),
            ),
            ["store", noun, function, ..] if WEB_ONLY_READS.contains(&noun) && writes(function) => {
                say(
                    path.line,
                    format!("`web` only reads {noun}: `{function}` goes through `directory` or `sync`"),
                );
            }
            _ => {}
        }
    }
    report(file, wrong)
}

fn writes(function: &str) -> bool {
    WRITING_VERBS.split(' ').any(|v| {
        function
            .strip_prefix(v)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

fn report(file: &str, wrong: BTreeSet<(usize, String)>) -> Vec<String> {
    wrong
        .into_iter()
        .map(|(line, rule)| format!("{file}:{line}: {rule}"))
        .collect()
}

/// What is wrong with one template: anything the strict CSP would stop, or that skips escaping.
fn check_template(file: &str, text: &str) -> Vec<String> {
    let mut wrong = BTreeSet::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        let attributes = line
            .split(|c: char| c.is_whitespace() || "\"'".contains(c))
            .filter_map(|w| w.split_once('=').map(|(name, _)| name));
        for name in attributes {
            if name == "style" {
                wrong.insert((n + 1, "no `style=`: the CSP forbids it".to_owned()));
            }
            if name.len() > 2 && name.starts_with("on") && name.chars().all(|c| c.is_ascii_lowercase()) {
                wrong.insert((n + 1, format!("no `{name}=`: the CSP forbids it")));
            }
        }
        if line
            .split("<script")
            .skip(1)
            .any(|tag| !tag.split('>').next().unwrap_or("").contains("src="))
        {
            wrong.insert((n + 1, "no inline `<script>`: the CSP forbids it".to_owned()));
        }
        if line.split_whitespace().collect::<String>().contains("|safe") {
            wrong.insert((n + 1, "no `|safe`: everything is escaped".to_owned()));
        }
    }
    report(file, wrong)
}

// ---- the tests ----

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, as (path from the package root with `/`, path); none where the folder is absent.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(name) = path.strip_prefix(root()) {
                found.push((name.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    found
}

/// The texts of those files of a folder whose names end so.
fn texts(folder: &str, end: &str) -> Vec<(String, String)> {
    let wanted = files(folder).into_iter().filter(|(name, _)| name.ends_with(end));
    wanted
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap_or_default()))
        .collect()
}

fn assert_none(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} broken rules:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn sources_keep_the_layers() {
    let sources = texts("src", ".rs");
    assert!(
        sources.iter().all(|(_, text)| !text.is_empty()),
        "a source is empty or not UTF-8"
    );
    let tests_only = test_only(&sources);
    let is_live = |name: &str| !tests_only.iter().any(|t| name.starts_with(t.as_str()));
    let mut wrong: Vec<String> = sources
        .iter()
        .filter(|s| is_live(&s.0))
        .flat_map(|(name, text)| check_source(name, text))
        .collect();
    let long = sources
        .iter()
        .filter(|(_, text)| text.lines().count() > MAX_LINES);
    wrong.extend(long.map(|(name, _)| format!("{name}:{}: no file is longer", MAX_LINES + 1)));
    assert_none(&wrong);
    let mut lengths: Vec<usize> = sources.iter().map(|(_, text)| text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(
        median < MEDIAN_LINES,
        "the median source has {median} lines, the rule is under {MEDIAN_LINES}"
    );
}

#[test]
fn templates_keep_the_csp() {
    let wrong: Vec<String> = texts("templates", "")
        .iter()
        .flat_map(|(n, t)| check_template(n, t))
        .collect();
    assert_none(&wrong);
}

/// The kit is a copy: where its origin lies beside the package, both must be equal.
#[test]
fn the_kit_equals_its_origin() {
    for folder in ["conformance", "dialects"] {
        let origin = root().join("../shared").join(folder);
        if !origin.is_dir() {
            continue;
        }
        let home = root().join("tests/kit").join(folder);
        let mut compared = 0;
        for (name, path) in files(&format!("tests/kit/{folder}")) {
            let twin = path
                .strip_prefix(&home)
                .map(|inner| origin.join(inner))
                .unwrap_or_default();
            if twin.is_file() {
                compared += 1;
                assert!(
                    fs::read(&path).ok() == fs::read(&twin).ok(),
                    "{name} differs from {}",
                    twin.display()
                );
            }
        }
        assert!(compared >= 2, "tests/kit/{folder} shares no file with its origin");
    }
}

/// One violation a line: file, code (⏎ starts a new line), and how the finding must read.
const PLANTED: &str = "
src/scim/filter.rs ¦ use crate::store::resources; ¦ `scim` may not import `crate::store`
src/scim/filter.rs ¦ fn f() { super::super::model::x() } ¦ `scim` may not import `crate::model`
src/model/mod.rs ¦ use crate::{⏎ scim::urn,⏎ sync::{self, plan},⏎}; ¦ `model` may not import `crate::sync`
src/connector/net.rs ¦ use crate::secret; ¦ `connector` may not import `crate::secret`
src/sync/push.rs ¦ use crate::web::ui; ¦ `sync` may not import `crate::web`
src/clock.rs ¦ use crate::store; ¦ `clock` may not import `crate::store`
src/sync/push.rs ¦ use rusqlite::Connection; ¦ `rusqlite` is named under src/store only
src/store_two/x.rs ¦ fn f() {} ¦ `store_two` is not in the table of layers
src/directory/mod.rs ¦ #[actix_web::main]⏎async fn f() {} ¦ `actix_web` is named under src/web and src/app only
src/web/mod.rs ¦ fn f(c: reqwest::Client) {} ¦ `reqwest` is named under src/connector only
src/web/scim/mod.rs ¦ #[derive(askama::Template)] struct A; ¦ `askama` is named under src/web/ui only
src/web/scim/auth.rs ¦ use super::super::ui::page; ¦ web/scim and web/ui do not see each other
src/web/ui/mod.rs ¦ use crate::web::scim::auth; ¦ web/scim and web/ui do not see each other
src/web/ui/connect.rs ¦ use crate::connector::net; ¦ `web` may import the connector's catalog only
src/web/ui/user.rs ¦ use crate::store::{self, resources};⏎fn f() { resources::insert(tx) } ¦ `web` only reads resources
src/web/ui/user.rs ¦ use crate::store::jobs as j;⏎fn f() { j::enqueue_all(tx) } ¦ `web` only reads jobs
src/web/ui/user.rs ¦ fn f() { crate::store::links::upsert(tx) } ¦ `web` only reads links
src/sync/push.rs ¦ use std::time::Instant;⏎fn f() { Instant::now(); } ¦ `Instant::now`: the clock
src/store/tx.rs ¦ fn f() { jiff::Timestamp::now(); } ¦ `Timestamp::now`: the clock
src/model/mod.rs ¦ fn f() { g().unwrap(); } ¦ no `unwrap()` outside tests
src/model/mod.rs ¦ fn f() { todo!() } ¦ nothing is left open
src/model/mod.rs ¦ #[ allow(dead_code)] fn f() {} ¦ instead of `#[allow(…)]`
src/model/mod.rs ¦ #[cfg_attr(test, allow(dead_code))] fn f() {} ¦ instead of `#[allow(…)]`
";

/// One harmless source a line: file and code.
const HARMLESS: &str = r##"
src/store/links.rs ¦ use crate::{clock::Clock, model};⏎use rusqlite::Connection;⏎use super::tx::Tx;
src/scim/patch.rs ¦ /// [`crate::store`] ⏎// crate::store::x ⏎const A: &str = "crate::store"; /* reqwest::get */
src/scim/eval.rs ¦ fn f<'a>(x: &'a str) { let q = '"'; let r = r#"crate::store " x"#; let e = '\''; }
src/scim/eval.rs ¦ #[cfg(test)]⏎mod tests { use crate::store; fn f() { g().unwrap(); } }⏎fn h() {}
src/web/mod.rs ¦ use crate::connector::catalog;⏎fn f() { scim::resources::delete() }
src/web/ui/user.rs ¦ use crate::store::resources;⏎fn f() { resources::get(rx); resources::settled(rx) }
src/clock.rs ¦ fn f() { jiff::Timestamp::now(); }
src/app.rs ¦ use crate::web;⏎use actix_web::App;
src/cli/mod.rs ¦ pub(crate) use crate::app::App;⏎use super::demo;
"##;

fn found_in(file: &str, code: &str) -> Vec<String> {
    check_source(file, &format!("//! A module.\n{}\n", code.replace('⏎', "\n")))
}

#[test]
fn planted_violations_are_seen() {
    for case in PLANTED.lines().filter(|l| !l.is_empty()) {
        let [file, code, rule] = case.split(" ¦ ").collect::<Vec<_>>()[..] else {
            panic!("{case}")
        };
        let found = found_in(file, code);
        assert!(
            found.len() == 1 && found[0].contains(rule),
            "{case}\ngot: {found:?}"
        );
    }
    let line = check_source(
        "src/scim/mod.rs",
        "//! A module.\n\nuse crate::{\n    model,\n};\n",
    );
    assert_eq!(line, ["src/scim/mod.rs:4: `scim` may not import `crate::model`"]);
    assert_eq!(
        check_source("src/model/mod.rs", "struct A;").len(),
        1,
        "no opening"
    );
    let templates = [
        "<p style=\"x\">",
        "<a onclick='x'>",
        "<p id=\"a\"onload=\"x\">",
        "<script>x</script>",
        "{{ x|safe }}",
        "{{ x | safe }}",
    ];
    assert_eq!(check_template("templates/x.html", &templates.join("\n")).len(), 6);
}

#[test]
fn harmless_sources_pass() {
    for case in HARMLESS.lines().filter(|l| !l.is_empty()) {
        let (file, code) = case.split_once(" ¦ ").unwrap_or_default();
        assert_eq!(found_in(file, code), Vec::<String>::new(), "{case}");
    }
    let template = "<script src=\"/a.js\" defer></script>\n<p class=\"style\" data-on=\"x\">{{ status }}</p>\n\
        <a href=\"?on=1\">";
    assert_eq!(check_template("templates/x.html", template), Vec::<String>::new());
    let sources = [
        (
            "src/scim/mod.rs".to_owned(),
            "#[cfg(test)]\nmod props;\nmod eval;".to_owned(),
        ),
        (
            "src/scim/eval.rs".to_owned(),
            "#[cfg(test)]\n#[path = \"eval_tests.rs\"]\nmod tests;".to_owned(),
        ),
    ];
    assert_eq!(
        test_only(&sources),
        ["src/scim/props.rs", "src/scim/props/", "src/scim/eval_tests.rs"]
    );
}
