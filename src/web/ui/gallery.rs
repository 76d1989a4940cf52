//! Every page with sample data: checked for what must never be in a page, and, if `UI_GALLERY` names a directory,
//! written there to be looked at.
#![expect(clippy::unwrap_used, reason = "tests")]

mod first;
mod inside;
mod lifecycle;
mod onward;
mod people;
mod requests;
mod sample;

use std::{env, fs, path::Path};

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use askama::Template;

/// A page and the file it is written to.
struct Shown {
    name: &'static str,
    html: String,
}

fn shown<T: Template>(name: &'static str, page: &T) -> Shown {
    Shown {
        name,
        html: page.render().unwrap(),
    }
}

fn all() -> Vec<Shown> {
    let mut pages = first::pages();
    pages.extend(inside::pages());
    pages.extend(lifecycle::pages());
    pages
}

#[test]
fn pages_are_written_to_be_looked_at() {
    let Some(dir) = env::var_os("UI_GALLERY") else {
        return;
    };
    fs::create_dir_all(&dir).unwrap();
    for page in all() {
        fs::write(Path::new(&dir).join(format!("{}.html", page.name)), page.html).unwrap();
    }
}

#[test]
fn what_people_typed_is_escaped() {
    let pages = all();
    assert!(
        pages
            .iter()
            .filter(|p| p.html.contains("&#60;script&#62;alert"))
            .count()
            > 5
    );
    for Shown { name, html } in pages {
        assert!(!html.contains("<script>"), "{name}");
        assert_eq!(html.matches("<script ").count(), 1, "{name}: only our own file");
        assert!(
            html.contains(&format!(
                r#"<script src="{}""#,
                super::assets::address("rollcall.js")
            )),
            "{name}"
        );
    }
}

#[test]
fn nothing_the_policy_would_block() {
    for Shown { name, html } in all() {
        for tag in tags(&html) {
            let said = tag.split_whitespace().skip(1);
            for attribute in said.filter_map(|a| a.split_once('=')).map(|(a, _)| a) {
                assert!(
                    attribute != "style" && !attribute.starts_with("on") && !attribute.starts_with("hx-on"),
                    "{name}: <{tag}>"
                );
            }
        }
        assert!(
            !html.contains("<style") && !html.contains("javascript:") && !html.contains("data:image"),
            "{name}"
        );
    }
}

#[test]
fn every_form_that_changes_something_carries_the_csrf_field() {
    for Shown { name, html } in all() {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let posts = form.split('>').next().unwrap().contains(r#"method="post""#);
            assert_eq!(
                posts,
                form.contains(r#"<input type="hidden" name="csrf" value="csrf-token">"#),
                "{name}: {form}"
            );
        }
    }
}

/// Whether the table of routes has a row for it.
fn leads_somewhere(method: &Method, to: &str) -> bool {
    let path = to.split(['?', '#']).next().unwrap();
    let mut rows = crate::web::PAGES.iter().filter(|page| page.method == *method);
    rows.any(|page| ResourceDef::new(page.path).is_match(path))
}

#[test]
fn forms_and_links_lead_to_pages_that_exist() {
    for Shown { name, html } in all() {
        for form in tags(&html).filter(|t| t.starts_with("form ")) {
            let method = if form.contains(r#"method="post""#) {
                Method::POST
            } else {
                Method::GET
            };
            let to = form
                .split(r#"action=""#)
                .nth(1)
                .and_then(|t| t.split('"').next())
                .unwrap();
            assert!(leads_somewhere(&method, to), "{name}: <{form}>");
        }
        for link in tags(&html).filter_map(|t| t.split(r#"href=""#).nth(1)?.split('"').next()) {
            let ours = link.starts_with('/');
            assert!(!ours || leads_somewhere(&Method::GET, link), "{name}: {link}");
        }
    }
}

#[test]
fn every_input_has_a_label() {
    for Shown { name, html } in all() {
        for tag in tags(&html).filter(|t| t.starts_with("input ") || t.starts_with("select ")) {
            if tag.contains(r#"type="hidden""#) || tag.contains(r#"type="radio""#) {
                continue;
            }
            let id = tag
                .split(r#" id=""#)
                .nth(1)
                .and_then(|t| t.split('"').next())
                .unwrap_or_else(|| panic!("{name}: <{tag}>"));
            let label = format!(r#"for="{id}""#);
            assert!(
                tags(&html).any(|t| t.starts_with("label ") && t.ends_with(&label)),
                "{name}: {id}"
            );
            assert_eq!(html.matches(&format!(r#" id="{id}""#)).count(), 1, "{name}: {id}");
        }
        for tag in tags(&html).filter(|t| t.starts_with("svg ")) {
            assert!(
                tag.contains("aria-hidden") || tag.contains("aria-label"),
                "{name}: <{tag}>"
            );
        }
    }
}

#[test]
fn each_page_has_one_heading_and_at_most_one_loud_button() {
    for Shown { name, html } in all() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        let loud = tags(&html)
            .filter(|t| (t.starts_with("button") || t.starts_with("a ")) && t.contains("primary"))
            .count();
        assert!(loud <= 1, "{name}: {loud}");
    }
}

#[test]
fn a_secret_field_is_never_filled() {
    for Shown { name, html } in all() {
        for tag in tags(&html).filter(|t| t.contains(r#"type="password""#)) {
            assert!(!tag.contains("value="), "{name}: <{tag}>");
        }
        assert!(!html.contains("unexpected-secret"), "{name}");
    }
}

/// What stands between `<` and `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter_map(|t| t.split('>').next())
        .filter(|t| !t.starts_with(['/', '!']))
}
