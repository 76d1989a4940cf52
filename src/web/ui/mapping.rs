//! `/instances/{slug}/mapping`: who goes onward, what of them, and what that gives for a chosen person. Nothing that
//! would take access from somebody is saved before a page said whose.

pub(super) mod examples;

use actix_web::http::StatusCode;
use askama::Template;

use self::examples::{Example, Examples, address};

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::form::Form;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::{Choice, Refusals};
use super::respond::respond;
use super::{paging, words};
use crate::mapping::{Flaw, REST, ROWS, name_path};
use crate::model::{Instance, MapRow, Policies};
use crate::scim::schema::ResourceType;
use crate::store::custom;
use crate::sync::manage::{Edit, ManageError, proposed_mapping};
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
    /// The catalog proposes rows for the app.
    pub proposed: bool,
    /// These are others than it proposes.
    pub differs: bool,
    /// No row can be added.
    pub full: bool,
    /// The row that is added, as typed.
    pub new: RowShown,
    /// Of people, of groups.
    pub kinds: Vec<Choice>,
    /// For whom examples are made.
    pub examples: Examples,
    /// Fields: `carry_users`, `carry_groups`, `carry_group_names`, `path`, `template-1` and so on.
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
    /// The app takes nobody new without it.
    pub required: bool,
    /// It always is: there is no account without it.
    pub is_name: bool,
    /// All without a row: no template, never required.
    pub is_rest: bool,
    /// What the catalog has to do with it: `default`, `changed` or nothing.
    pub origin: &'static str,
    /// What it gives.
    pub example: Example,
    /// What is wrong with it.
    pub wrong: Option<String>,
}

impl RowShown {
    fn of(row: &MapRow, proposed: &[MapRow], example: Example) -> Self {
        let origin = match proposed.iter().find(|p| p.kind == row.kind && p.path == row.path) {
            Some(same) if same == row => "default",
            Some(_) => "changed",
            None => "",
        };
        Self {
            kind: row.kind.name(),
            path: row.path.clone(),
            template: row.template.clone(),
            required: row.required,
            is_name: row.path == name_path(row.kind),
            is_rest: row.path == REST,
            origin,
            example,
            wrong: None,
        }
    }
}

/// A change that takes something away waits for a second press.
pub struct Asked {
    /// What would happen.
    pub preview: Preview,
    /// The fields of the form, to be sent again.
    pub fields: Vec<(&'static str, String)>,
}

/// Fields of the forms here.
const FIELDS: [&str; 10] = [
    "act",
    "carry_users",
    "carry_groups",
    "carry_group_names",
    "kind",
    "was",
    "path",
    "template",
    "required",
    "user",
];
/// Longest text that is looked for, and longest path, in characters.
const USER: usize = 300;
const PATH: usize = 400;
const KINDS: [(&str, &str, &str); 2] = [("User", "People", ""), ("Group", "Groups", "")];

/// What is shown beside what is stored.
#[derive(Default)]
struct Shown {
    /// What was typed, if it could not be saved.
    policies: Option<Policies>,
    new: RowShown,
    refused: Refusals,
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
    let at = apply(&ask.form, &instance.app, &mut policies);
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    let (manager, confirmed) = (&ask.pages.manager, ask.form.text("confirmed"));
    let preview = match manager.to_confirm(instance.id, &policies, confirmed).await {
        Ok(preview) => preview,
        Err(ManageError::Policies(flaw)) => {
            return answer(&ask, again, refused(&ask.form, policies, &at, flaw)).await;
        }
        Err(other) => return Err(other.into()),
    };
    if let Some(preview) = preview {
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
    let page = address(&instance);
    let back = match ask.form.short("user", USER) {
        user if user.is_empty() => page,
        user => paging::link(&page, &[], ("user", &user)),
    };
    ask.go_on(&back, Some(News::Saved))
}

/// Does what the form says to the policies; the row that it is about, if that one is new.
fn apply(form: &Form, app: &str, policies: &mut Policies) -> Option<MapRow> {
    let kind = ResourceType::of_name(form.text("kind")).unwrap_or(ResourceType::User);
    let new = MapRow {
        kind,
        path: form.short("path", PATH),
        template: form.text("template").to_owned(),
        required: form.ticked("required"),
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
        "default" => {
            policies.mapping = proposed_mapping(app).to_vec();
            None
        }
        "remove" => {
            policies.mapping.retain(|row| !is_it(row));
            None
        }
        "row" => match policies.mapping.iter_mut().find(|row| is_it(row)) {
            Some(row) => {
                (row.template, row.required) = (new.template, new.required);
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
                path: form.short("path", PATH),
                template: form.text("template").to_owned(),
                required: form.ticked("required"),
                ..RowShown::default()
            };
        }
        ("mapping", None) => {
            // In the summary and at the row.
            if let Some(row) = flaw.row {
                shown.refused.add(format!("template-{}", row + 1), flaw.text);
            }
        }
        (field, _) => shown.refused.add(field, flaw.text),
    }
    shown.policies = Some(policies);
    shown
}

async fn answer(ask: &Ask, code: StatusCode, shown: Shown) -> Answer {
    let slug = ask.part("slug");
    let user = match ask.form.short("user", USER) {
        user if user.is_empty() => ask.query.short("user", USER),
        user => user,
    };
    let instance = ask.instance().await?;
    let carries = ask.pages.manager.carries(instance.id).await?;
    let made = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Settings, Some("Scope and mapping"))?;
        let examples = Examples::find(rx, &instance, user)?;
        let policies = shown.policies.unwrap_or_else(|| instance.policies.clone());
        let proposed = proposed_mapping(&instance.app);
        let given = examples.of(&policies, &custom::of(rx, instance.id)?);
        let rows = policies.mapping.iter().zip(given).enumerate();
        let rows = rows.map(|(n, (row, example))| RowShown {
            wrong: shown
                .refused
                .of(&format!("template-{}", n + 1))
                .map(str::to_owned),
            ..RowShown::of(row, proposed, example)
        });
        Ok::<_, Fail>(MappingPage {
            carries: said(&instance, &carries),
            rows: rows.collect(),
            proposed: !proposed.is_empty(),
            differs: policies.mapping != proposed,
            full: policies.mapping.len() >= ROWS,
            kinds: Choice::list(&KINDS, shown.new.kind),
            new: shown.new,
            examples,
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
    // Groups that nobody came to are not none.
    let came = carries.groups.1 > 0 || !carries.is_partial;
    if instance.scope.carries(ResourceType::User) {
        said.push(of(carries.users, "people"));
    }
    if instance.scope.carries(ResourceType::Group) && came {
        said.push(of(carries.groups, "groups"));
    }
    said
}
