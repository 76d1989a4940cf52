//! `/instances/{slug}/mapping`: who goes onward, what of them, and what that gives for a chosen person. Nothing that
//! would take access from somebody is saved before a page said whose.

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::form::Form;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::{Choice, Refusals};
use super::respond::respond;
use super::{values, words};
use crate::mapping::{Flaw, Onward, ROWS, Slot};
use crate::model::{Instance, InstanceId, MapRow, Policies, Resource};
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{fold, resource};
use crate::store::{Rx, resources};
use crate::sync::manage::{Edit, ManageError};
use crate::sync::preview::{Carries, Preview};

/// Scope and mapping.
#[derive(Template)]
#[template(path = "mapping.html")]
pub struct MappingPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// As typed or stored.
    pub carry_users: String,
    /// As typed or stored.
    pub carry_groups: String,
    /// As typed or stored, one a line.
    pub carry_group_names: String,
    /// `12 of 40 people`, of what is stored.
    pub carries: Vec<String>,
    /// In the order in which they were added.
    pub rows: Vec<RowShown>,
    /// No row can be added.
    pub full: bool,
    /// The row that is added, as typed.
    pub new: RowShown,
    /// Of people, of groups.
    pub kinds: Vec<Choice>,
    /// For whom examples are made: a userName, as typed.
    pub user: String,
    /// Nobody here has that userName.
    pub nobody: bool,
    /// Fields: `carry_users`, `carry_groups`, `carry_group_names`, `path`.
    pub refused: Refusals,
    /// What saving would take away, and the form that saves it all the same.
    pub asked: Option<Asked>,
}

/// One row of the mapping.
#[derive(Default)]
pub struct RowShown {
    /// `User` or `Group`, as it is sent.
    pub kind: &'static str,
    /// Where in the app.
    pub path: String,
    /// As typed or stored.
    pub template: String,
    /// What it gives for the chosen person.
    pub example: String,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

/// A change that takes something away waits for a second press.
pub struct Asked {
    /// What would happen.
    pub preview: Preview,
    /// The fields of the form, to be sent again.
    pub fields: Vec<(&'static str, String)>,
}

/// Fields of the forms here.
const FIELDS: [&str; 8] = [
    "act",
    "carry_users",
    "carry_groups",
    "carry_group_names",
    "kind",
    "was",
    "path",
    "template",
];
const KINDS: [(&str, &str, &str); 2] = [("User", "People", ""), ("Group", "Groups", "")];

/// What is shown beside what is stored.
#[derive(Default)]
struct Shown {
    /// What was typed, if it could not be saved.
    policies: Option<Policies>,
    new: RowShown,
    refused: Refusals,
    /// The path of the row that is wrong, and why.
    wrong: Option<(String, String)>,
    asked: Option<Asked>,
}

/// The page.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    answer(&ask, StatusCode::OK, Shown::default()).await
}

/// Saves scope or a row, or takes a row out.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let mut policies = instance.policies.clone();
    let at = apply(&ask.form, &mut policies);
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    let preview = match ask.pages.manager.preview(instance.id, &policies).await {
        Ok(preview) => preview,
        Err(ManageError::Policies(flaw)) => {
            return answer(&ask, again, refused(&ask.form, policies, &at, flaw)).await;
        }
        Err(other) => return Err(other.into()),
    };
    if preview.needs_a_word() && ask.form.text("confirmed") != preview.of {
        let fields = FIELDS.map(|name| (name, ask.form.text(name).to_owned()));
        let shown = Shown {
            policies: Some(policies),
            asked: Some(Asked {
                preview,
                fields: fields.into(),
            }),
            ..Shown::default()
        };
        return answer(&ask, StatusCode::OK, shown).await;
    }
    let edit = Edit {
        policies: Some(policies),
        seen: Some(instance.clone()),
        ..Edit::default()
    };
    ask.pages.manager.edit(ask.actor()?, instance.id, edit).await?;
    ask.pages.engine.wake();
    ask.go_on(
        &format!("/instances/{}/mapping", instance.slug),
        Some(News::Saved),
    )
}

/// Does what the form says to the policies; the row that it is about, if that one is new.
fn apply(form: &Form, policies: &mut Policies) -> Option<MapRow> {
    let kind = ResourceType::of_name(form.text("kind")).unwrap_or(ResourceType::User);
    let new = MapRow {
        kind,
        path: form.short("path", 300),
        template: form.text("template").to_owned(),
    };
    let was = form.text("was");
    let is_it = |row: &MapRow| row.kind == kind && row.path == was;
    match form.text("act") {
        "scope" => {
            policies.carry_users = form.text("carry_users").to_owned();
            policies.carry_groups = form.text("carry_groups").to_owned();
            let names = form.text("carry_group_names").lines().map(str::trim);
            policies.carry_group_names = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
            None
        }
        "remove" => {
            policies.mapping.retain(|row| !is_it(row));
            None
        }
        "row" => match policies.mapping.iter_mut().find(|row| is_it(row)) {
            Some(row) => {
                row.template = new.template;
                None
            }
            None => {
                policies.mapping.push(new.clone());
                Some(new)
            }
        },
        _ => None,
    }
}

/// What was typed, with the reason beside it.
fn refused(form: &Form, mut policies: Policies, new: &Option<MapRow>, flaw: Flaw) -> Shown {
    let mut shown = Shown::default();
    match (flaw.field, new) {
        ("mapping", Some(_)) => {
            policies.mapping.pop();
            shown.refused.add("path", flaw.text);
            shown.new = RowShown {
                kind: if form.text("kind") == "Group" {
                    "Group"
                } else {
                    "User"
                },
                path: form.short("path", 300),
                template: form.text("template").to_owned(),
                ..RowShown::default()
            };
        }
        ("mapping", None) => {
            let row = flaw.row.and_then(|row| policies.mapping.get(row));
            shown.wrong = row.map(|row| (row.path.clone(), flaw.text));
        }
        (field, _) => shown.refused.add(field, flaw.text),
    }
    shown.policies = Some(policies);
    shown
}

async fn answer(ask: &Ask, code: StatusCode, shown: Shown) -> Answer {
    let slug = ask.part("slug");
    let user = ask.query.short("user", 300);
    let instance = ask.instance().await?;
    let carries = ask.pages.manager.carries(instance.id).await?;
    let made = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Settings, Some("Scope and mapping"))?;
        let chosen = chosen(rx, instance.id, &user)?;
        let policies = shown.policies.unwrap_or_else(|| instance.policies.clone());
        let row = |row: &MapRow| RowShown {
            kind: row.kind.name(),
            wrong: shown
                .wrong
                .as_ref()
                .filter(|(path, _)| *path == row.path)
                .map(|(_, why)| why.clone()),
            example: chosen.as_ref().map(|ours| example(row, ours)).unwrap_or_default(),
            path: row.path.clone(),
            template: row.template.clone(),
        };
        Ok::<_, Fail>(MappingPage {
            carries: said(&instance, &carries),
            rows: policies.mapping.iter().map(row).collect(),
            full: policies.mapping.len() >= ROWS,
            kinds: Choice::list(&KINDS, shown.new.kind),
            new: shown.new,
            nobody: !user.is_empty() && chosen.is_none(),
            user,
            carry_users: policies.carry_users,
            carry_groups: policies.carry_groups,
            carry_group_names: policies.carry_group_names.join("\n"),
            refused: shown.refused,
            asked: shown.asked,
            page,
            head,
        })
    });
    Ok(respond(code, &made.await?))
}

/// The person whom examples are about, as if all of them were pushed.
fn chosen(rx: &Rx<'_>, instance: InstanceId, user: &str) -> Result<Option<Resource>, Fail> {
    if user.is_empty() {
        return Ok(None);
    }
    let mut found = resources::by_name(rx, instance, ResourceType::User, &fold(user))?;
    let ours = found.pop().map(|mut ours| {
        if !ours.is_managed() {
            ours.owned.extend(resource::paths(ours.kind, &ours.attributes));
        }
        ours
    });
    Ok(ours)
}

/// What one row gives.
fn example(row: &MapRow, ours: &Resource) -> String {
    if row.kind != ours.kind || row.template.trim().is_empty() {
        return String::new();
    }
    let alone = Policies {
        mapping: vec![row.clone()],
        ..Policies::default()
    };
    let wanted = Onward::new(&alone, Custom::none()).of(ours);
    if let Some(fault) = wanted.faults.first() {
        return fault.clone();
    }
    let path = Slot::read(row.kind, &row.path)
        .map(|slot| slot.path)
        .unwrap_or_default();
    resource::get(&wanted.document, &path)
        .map(values::text)
        .unwrap_or_default()
}

/// Who goes onward, counted.
fn said(instance: &Instance, carries: &Carries) -> Vec<String> {
    let of = |(carried, all): (u64, u64), what: &str| {
        let first = if carries.is_partial { "the first " } else { "" };
        format!(
            "{} of {first}{} {what}",
            words::number(carried),
            words::number(all)
        )
    };
    let mut said = Vec::new();
    if instance.scope.carries(ResourceType::User) {
        said.push(of(carries.users, "people"));
    }
    if instance.scope.carries(ResourceType::Group) {
        said.push(of(carries.groups, "groups"));
    }
    said
}
