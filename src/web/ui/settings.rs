//! `/instances/{slug}/settings`: name, connection, schedule, policies, removal limit; and the danger zone. The token
//! can be replaced, never read.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use askama::Template;

use super::access::AccessForm;
use super::ask::Ask;
use super::carries::user_writes;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::form::Form;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::{Choice, Refusals, When};
use super::respond::respond;
use super::words;
use crate::connector::catalog;
use crate::model::policies::{Drift, Leaver, Limit};
use crate::model::{Instance, Policies, Scope, Target, UserWrites};
use crate::sync::manage::{Edit, ManageError, clean_access, clean_url};
use crate::sync::preview::Preview;
use crate::sync::{protected, token};

/// The form.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// As typed or stored.
    pub name: String,
    /// As typed or stored.
    pub base_url: String,
    /// What was cut off the base URL, in sentences; empty: nothing.
    pub cut: String,
    /// How the app is told who calls.
    pub access: AccessForm,
    /// When the stored token was set.
    pub token_set: Option<When>,
    /// The day on which the token ends, as typed or stored; empty: not known.
    pub token_ends: String,
    /// Seconds between syncs.
    pub schedules: Vec<Choice>,
    /// deactivate, delete, leave.
    pub leavers: Vec<Choice>,
    /// report, enforce, adopt.
    pub drifts: Vec<Choice>,
    /// As typed or stored: attributes with a policy of their own, `title: enforce`, one a line.
    pub drift_of: String,
    /// What saving would take away; a second press saves it (field `confirmed`).
    pub asked: Option<Preview>,
    /// acknowledge, refuse; none unless it carries groups only.
    pub user_writes: Vec<Choice>,
    /// Protected accounts, one to a line: as typed or stored.
    pub protected: String,
    /// The app tells which account is behind the token.
    pub own_known: bool,
    /// Accounts, groups, memberships.
    pub limits: Vec<LimitRow>,
    /// Fields: `name`, `base_url`, `token`, `token_ends`, `auth`, `{class}_floor`, `{class}_percent`.
    pub refused: Refusals,
    /// One sentence that says what to fix.
    pub problem: Option<String>,
    /// The new address or token knows none of our accounts: a box asks whether that is meant (field `other_directory`).
    pub other_directory: bool,
}

/// One counter of the removal limit.
pub struct LimitRow {
    /// `accounts`, `groups`, `memberships`: first half of the field names.
    pub field: &'static str,
    /// What it counts.
    pub label: &'static str,
    /// As typed or stored.
    pub floor: String,
    /// As typed or stored.
    pub percent: String,
}

const LEAVERS: [(Leaver, &str, &str, &str); 3] = [
    (
        Leaver::Deactivate,
        "deactivate",
        "Deactivate the account",
        "It stays, without access.",
    ),
    (
        Leaver::Delete,
        "delete",
        "Delete the account",
        "What belonged to it may go with it.",
    ),
    (
        Leaver::Leave,
        "leave",
        "Leave it alone",
        "Nothing is sent; it is shown as left behind.",
    ),
];
const DRIFTS: [(Drift, &str, &str, &str); 3] = [
    (
        Drift::Report,
        "report",
        "Say so",
        "Both values stay and the person's page shows them.",
    ),
    (
        Drift::Enforce,
        "enforce",
        "Send ours again",
        "The value here wins.",
    ),
    (Drift::Adopt, "adopt", "Take theirs", "The value in the app wins."),
];
/// Seconds between syncs that can be chosen.
const SCHEDULES: [(u32, &str); 6] = [
    (300, "Every 5 minutes"),
    (900, "Every 15 minutes"),
    (3600, "Every hour"),
    (21_600, "Every 6 hours"),
    (43_200, "Every 12 hours"),
    (86_400, "Every day"),
];
/// Longest list of protected accounts, in characters.
const PROTECTED: usize = 26_000;
/// Largest floor of a limit.
const FLOOR: u32 = 1_000_000;

/// What was typed, but for the token; at first what is stored.
struct Typed {
    name: String,
    base_url: String,
    cut: String,
    access: AccessForm,
    token_ends: String,
    schedule: u32,
    policies: Policies,
    protected: String,
    limits: Vec<LimitRow>,
    drift_of: String,
    asked: Option<Preview>,
    other_directory: bool,
}

impl Typed {
    fn stored(instance: &Instance) -> Self {
        let p = &instance.policies;
        let row = |(field, label), limit: Limit| LimitRow {
            field,
            label,
            floor: limit.floor.to_string(),
            percent: limit.percent.to_string(),
        };
        Self {
            name: instance.name.clone(),
            base_url: instance
                .target
                .as_ref()
                .map(Target::base_url)
                .unwrap_or_default()
                .to_owned(),
            cut: String::new(),
            access: AccessForm::stored(
                &instance
                    .target
                    .as_ref()
                    .map(Target::access)
                    .cloned()
                    .unwrap_or_default(),
            ),
            token_ends: instance.secret_ends_at.map(token::day).unwrap_or_default(),
            schedule: instance.sync_every_s,
            limits: vec![
                row(LIMITS[0], p.accounts),
                row(LIMITS[1], p.groups),
                row(LIMITS[2], p.memberships),
            ],
            protected: p.protected.join("\n"),
            policies: p.clone(),
            drift_of: drift_lines(&p.drift_of),
            asked: None,
            other_directory: false,
        }
    }
}

const LIMITS: [(&str, &str); 3] = [
    ("accounts", "Accounts"),
    ("groups", "Groups"),
    ("memberships", "Memberships"),
];

/// The form.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let typed = Typed::stored(&ask.instance().await?);
    answer(&ask, StatusCode::OK, typed, Refusals::default(), None).await
}

/// Saves what was typed; a new address or token is tested first.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let mut refused = Refusals::default();
    let mut typed = Typed::stored(&instance);
    typed.name = ask.form.short("name", 200);
    let mut edit = Edit {
        seen: Some(instance.clone()),
        name: Some(typed.name.clone()),
        ..Edit::default()
    };
    if instance.scope == Scope::Groups {
        let chosen = UserWrites::parse(ask.form.text("user_writes"));
        typed.policies.user_writes = chosen.unwrap_or(typed.policies.user_writes);
        edit.policies = Some(typed.policies.clone());
    }
    if instance.target.is_some() {
        policies(&ask.form, &mut typed, &mut refused);
        let stored = std::mem::replace(&mut typed.token_ends, ask.form.short("token_ends", 20));
        match token::parse_date(&typed.token_ends) {
            // The day of the old token says nothing of a new one.
            Ok(day) => edit.token_ends = (typed.token_ends != stored).then_some(day),
            Err(why) => refused.add("token_ends", why),
        }
        let stored = std::mem::replace(&mut typed.base_url, ask.form.short("base_url", 4000));
        // One that stays is not compared with the shape that the catalog knows today.
        let app = if typed.base_url == stored {
            ""
        } else {
            &instance.app
        };
        match clean_url(app, &typed.base_url) {
            Ok((url, notes)) => (typed.base_url, typed.cut) = (url, notes.join(" ")),
            Err(why) => refused.add("base_url", why),
        }
        if !ask.form.text("auth").is_empty() {
            let (shown, access) = AccessForm::typed(&ask.form);
            typed.access = shown;
            match access.and_then(|typed| clean_access(&typed)) {
                Ok(access) => edit.access = Some(access),
                Err(why) => refused.add("auth", why),
            }
        }
        edit.base_url = (typed.base_url != stored).then(|| typed.base_url.clone());
        edit.token = (!ask.form.text("token").is_empty()).then(|| ask.form.secret("token"));
        edit.sync_every_s = Some(typed.schedule);
        edit.policies = Some(typed.policies.clone());
        edit.other_directory = ask.form.ticked("other_directory");
    }
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    if !refused.0.is_empty() {
        return answer(&ask, again, typed, refused, None).await;
    }
    if let Some(policies) = &edit.policies {
        let confirmed = ask.form.text("confirmed");
        match ask
            .pages
            .manager
            .to_confirm(instance.id, policies, confirmed)
            .await
        {
            Ok(None) => {}
            Ok(asked) => {
                typed.asked = asked;
                return answer(&ask, StatusCode::OK, typed, refused, None).await;
            }
            Err(ManageError::Policies(flaw)) => {
                refused.add(flaw.field, flaw.text);
                return answer(&ask, again, typed, refused, None).await;
            }
            Err(other) => return Err(other.into()),
        }
    }
    match ask.pages.manager.edit(ask.actor()?, instance.id, edit).await {
        Ok(_) => {
            ask.pages.engine.wake();
            ask.go_on(
                &format!("/instances/{}/settings", instance.slug),
                Some(News::Saved),
            )
        }
        Err(ManageError::Store(e)) => Err(e.into()),
        Err(why) => {
            typed.other_directory = matches!(why, ManageError::OtherDirectory);
            answer(&ask, again, typed, refused, Some(why.to_string())).await
        }
    }
}

fn policies(form: &Form, typed: &mut Typed, refused: &mut Refusals) {
    typed.schedule = form.number("schedule").unwrap_or(typed.schedule);
    let p = &mut typed.policies;
    p.leaver = LEAVERS
        .iter()
        .find(|l| l.1 == form.text("leaver"))
        .map_or(p.leaver, |l| l.0);
    p.drift = DRIFTS
        .iter()
        .find(|d| d.1 == form.text("drift"))
        .map_or(p.drift, |d| d.0);
    typed.protected = form.short("protected", PROTECTED);
    match protected::listed(&typed.protected) {
        Ok(listed) => p.protected = listed,
        Err(why) => refused.add("protected", why),
    }
    typed.drift_of = form.text("drift_of").to_owned();
    match read_drift(&typed.drift_of) {
        Ok(read) => p.drift_of = read,
        Err(line) => refused.add(
            "drift_of",
            format!("“{line}”: write an attribute and what becomes of it, like title: enforce."),
        ),
    }
    let mut limit = |row: &mut LimitRow, stored: &mut Limit, names: [&'static str; 2]| {
        (row.floor, row.percent) = (form.short(names[0], 10), form.short(names[1], 10));
        match form.number::<u32>(names[0]).filter(|n| *n <= FLOOR) {
            Some(floor) => stored.floor = floor,
            None => refused.add(
                names[0],
                format!(
                    "{}: type a number from 0 to {}.",
                    row.label,
                    words::number(FLOOR.into())
                ),
            ),
        }
        match form.number::<u32>(names[1]).filter(|n| *n <= 100) {
            Some(percent) => stored.percent = percent,
            None => refused.add(
                names[1],
                format!("{}: type a percentage from 0 to 100.", row.label),
            ),
        }
    };
    if let [accounts, groups, memberships] = typed.limits.as_mut_slice() {
        limit(accounts, &mut p.accounts, ["accounts_floor", "accounts_percent"]);
        limit(groups, &mut p.groups, ["groups_floor", "groups_percent"]);
        limit(
            memberships,
            &mut p.memberships,
            ["memberships_floor", "memberships_percent"],
        );
    }
}

/// Attributes with a policy of their own, one a line.
fn drift_lines(of: &BTreeMap<String, Drift>) -> String {
    let line = |(path, drift): (&String, &Drift)| {
        let word = DRIFTS.iter().find(|d| d.0 == *drift).map_or("", |d| d.1);
        format!("{path}: {word}")
    };
    of.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Reads such lines; the first that is none.
fn read_drift(text: &str) -> Result<BTreeMap<String, Drift>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let read = lines.map(|line| {
        let (path, word) = line.rsplit_once(':').unwrap_or((line, ""));
        let found = DRIFTS.iter().find(|d| d.1.eq_ignore_ascii_case(word.trim()));
        let cut = || line.chars().take(100).collect::<String>();
        found.map(|d| (path.trim().to_owned(), d.0)).ok_or_else(cut)
    });
    read.collect()
}

async fn answer(
    ask: &Ask,
    code: StatusCode,
    typed: Typed,
    refused: Refusals,
    problem: Option<String>,
) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Settings, None)?;
        let p = &typed.policies;
        let leaver = LEAVERS.iter().find(|l| l.0 == p.leaver).map_or("", |l| l.1);
        let drift = DRIFTS.iter().find(|d| d.0 == p.drift).map_or("", |d| d.1);
        Ok::<_, Fail>(SettingsPage {
            token_set: instance.secret_set_at.map(|at| When::relative(at, rx.now())),
            schedules: schedules(typed.schedule),
            leavers: leavers(&instance.app, leaver),
            user_writes: match instance.scope {
                Scope::Groups => user_writes(p.user_writes),
                Scope::Users | Scope::UsersAndGroups => Vec::new(),
            },
            drifts: Choice::list(&DRIFTS.map(|d| (d.1, d.2, d.3)), drift),
            protected: typed.protected,
            own_known: instance
                .target
                .as_ref()
                .is_some_and(|t| t.capabilities().own.is_some()),
            limits: typed.limits,
            drift_of: typed.drift_of,
            asked: typed.asked,
            name: typed.name,
            base_url: typed.base_url,
            cut: typed.cut,
            access: typed.access,
            token_ends: typed.token_ends,
            other_directory: typed.other_directory,
            page,
            head,
            refused,
            problem,
        })
    });
    Ok(respond(code, &shown.await?))
}

/// What may become of leavers, and what the app is known to make of it.
fn leavers(app: &str, chosen: &str) -> Vec<Choice> {
    let mut all = Choice::list(&LEAVERS.map(|l| (l.1, l.2, l.3)), chosen);
    let Some(app) = catalog::find(app) else {
        return all;
    };
    for choice in &mut all {
        match choice.value.as_str() {
            "deactivate" if app.limits.deactivate_is_delete => {
                choice.hint = format!("{} then deletes the account, for good.", app.name);
            }
            "delete" if app.limits.delete_is_deactivate => {
                choice.hint = format!("{} only deactivates it.", app.name);
            }
            _ => {}
        }
    }
    all
}

/// The usual ones, and the present one if it is another (the command line can set any).
fn schedules(chosen: u32) -> Vec<Choice> {
    let mut all: Vec<(u32, String)> = SCHEDULES
        .iter()
        .map(|(s, label)| (*s, (*label).to_owned()))
        .collect();
    if !all.iter().any(|(s, _)| *s == chosen) {
        all.push((chosen, format!("Every {}", words::span(chosen.into()))));
    }
    let choices = all.into_iter().map(|(s, label)| Choice {
        value: s.to_string(),
        label,
        hint: String::new(),
        chosen: s == chosen,
    });
    choices.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_makes_of_leavers_is_said() {
        let hints = |app: &str| leavers(app, "deactivate").into_iter().map(|c| c.hint);
        let hints = |app: &str| hints(app).collect::<Vec<_>>().join(" ");
        assert!(hints("generic-scim").starts_with("It stays, without access."));
        assert!(hints("pagerduty").starts_with("PagerDuty then deletes the account, for good."));
        assert!(hints("atlassian-cloud").contains("Atlassian Cloud only deactivates it."));
        assert!(!hints("atlassian-cloud").contains("may go with it"));
    }
}
