//! `/instances/{slug}/users/new` and `…/users/{id}/edit`: the form of a person. Only what was changed in it is written, so
//! only that becomes the admin's; what the form does not show stays untouched. A change made meanwhile is told, not
//! overwritten.

mod untouched;

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Value, json};

use super::ask::Ask;
use super::change::{change, is_overtaken, only_if, operation, others, said, with_work_email};
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::Refusals;
use super::respond::respond;
use crate::directory;
use crate::mapping::work_email;
use crate::model::Resource;
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};
use crate::store::resources;

/// The form.
#[derive(Template)]
#[template(path = "person_form.html")]
pub struct PersonFormPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// `New person`, or their name.
    pub title: String,
    /// Where the POST goes.
    pub action: String,
    /// Where *Cancel* leads.
    pub back: String,
    /// The version that is edited; none: somebody new.
    pub version: Option<i64>,
    /// What is asked first.
    pub main: Vec<FieldRow>,
    /// What few need.
    pub more: Vec<FieldRow>,
    /// Who else writes here; may be empty.
    pub others: String,
    /// Fields that were refused.
    pub refused: Refusals,
    /// What is wrong as a whole.
    pub problem: Option<String>,
}

/// One line to fill in.
pub struct FieldRow {
    /// `name` and `id` of the input.
    pub name: &'static str,
    /// What is read.
    pub label: &'static str,
    /// `text` or `email`.
    pub kind: &'static str,
    /// As typed or stored.
    pub value: String,
    /// Cannot be empty.
    pub required: bool,
}

/// A line of the form and the attribute behind it.
struct Field {
    name: &'static str,
    label: &'static str,
    path: &'static str,
}

const fn field(name: &'static str, label: &'static str, path: &'static str) -> Field {
    Field { name, label, path }
}

/// The address of the work e-mail is one of a list; all others are single texts.
const EMAILS: &str = "emails";
const FIELDS: [Field; 17] = [
    field("user_name", "userName", "userName"),
    field("display_name", "Display name", "displayName"),
    field("given_name", "Given name", "name.givenName"),
    field("family_name", "Family name", "name.familyName"),
    field("email", "Work e-mail", EMAILS),
    field("title", "Title", "title"),
    field(
        "department",
        "Department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    ),
    field("formatted", "Full name", "name.formatted"),
    field("nick_name", "Nickname", "nickName"),
    field("user_type", "Kind of user", "userType"),
    field(
        "employee_number",
        "Employee number",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    ),
    field(
        "organization",
        "Organization",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization",
    ),
    field(
        "division",
        "Division",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
    ),
    field(
        "cost_center",
        "Cost center",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
    ),
    field("language", "Preferred language", "preferredLanguage"),
    field("locale", "Locale", "locale"),
    field("timezone", "Time zone", "timezone"),
];
/// Fields that are asked first.
const FIRST: usize = 7;
/// Longest text of a field, in characters.
const LONGEST: usize = 250;

/// What stands in each field.
type Texts = [String; FIELDS.len()];

fn typed(ask: &Ask, before: &Texts) -> Texts {
    let mut texts = FIELDS.each_ref().map(|f| ask.form.text(f.name).to_owned());
    untouched::keep(&mut texts, before);
    texts
}

fn stored(attributes: &Attributes) -> Texts {
    FIELDS.each_ref().map(|f| {
        let text = match f.path {
            EMAILS => work_email(attributes).map(|(_, address)| address),
            path => resource::get(attributes, path).and_then(Value::as_str),
        };
        text.unwrap_or_default().trim().to_owned()
    })
}

/// What can be refused without looking at anybody else. What others wrote before is not this form's to judge.
fn refusals(texts: &Texts, before: &Texts) -> Refusals {
    let mut refused = Refusals::default();
    for ((field, text), before) in FIELDS.iter().zip(texts).zip(before) {
        if text == before && !text.is_empty() {
            continue;
        }
        if text.chars().count() > LONGEST {
            refused.add(
                field.name,
                format!("{}: at most {LONGEST} characters.", field.label),
            );
        } else if text.chars().any(char::is_control) {
            refused.add(field.name, format!("{}: type it in one line.", field.label));
        } else if field.name == "user_name" && text.is_empty() {
            refused.add(
                field.name,
                "Type a userName: it names the person here and in the app.",
            );
        } else if field.path == EMAILS && !text.is_empty() && !is_address(text) {
            refused.add(field.name, "Type an e-mail address, like ada@example.com.");
        }
    }
    refused
}

/// Has the shape of an e-mail address; whether it is one, only mail can tell.
fn is_address(text: &str) -> bool {
    let halves = text.split_once('@');
    halves.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(char::is_whitespace)
}

/// The field that a refusal is about.
fn blamed(error: &ScimError, changed: &[usize]) -> Option<&'static str> {
    if error.status == 409 {
        return Some("user_name");
    }
    let at = operation(error)?.checked_sub(1)?;
    let field = FIELDS.get(*changed.get(at)?)?;
    Some(field.name)
}

/// An empty form.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn new(ask: Ask) -> Answer {
    answer(&ask, StatusCode::OK, Shown::new(Texts::default())).await
}

/// Makes the person.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn create(ask: Ask) -> Answer {
    let before = Texts::default();
    let texts = typed(&ask, &before);
    let mut shown = Shown {
        refused: refusals(&texts, &before),
        ..Shown::new(texts)
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if !shown.refused.0.is_empty() {
        return answer(&ask, wrong, shown).await;
    }
    let mut body = Attributes::new();
    for (field, text) in FIELDS.iter().zip(&shown.texts) {
        let value = match field.path {
            EMAILS => with_work_email(&body, text),
            _ => Some(Value::from(text.as_str())).filter(|_| !text.is_empty()),
        };
        resource::set(&mut body, field.path, value);
    }
    let made = change(&ask, move |door| {
        let accepted = resource::accept(ResourceType::User, Value::Object(body), &Rules::default())?;
        directory::create(door, ResourceType::User, accepted, &Precondition::default())
    });
    match made.await? {
        Ok(made) => {
            let to = format!("/instances/{}/users/{}", ask.part("slug"), made.id);
            ask.go_on(&to, Some(News::PersonMade))
        }
        Err(error) => {
            match blamed(&error, &[]) {
                Some(field) => shown.refused.add(field, said(&error)),
                None => shown.problem = Some(said(&error).to_owned()),
            }
            answer(&ask, wrong, shown).await
        }
    }
}

/// The form of somebody who is there.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let user = user(&ask).await?;
    let shown = Shown::of(&user, stored(&user.attributes));
    answer(&ask, StatusCode::OK, shown).await
}

/// Writes what was changed in the form.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let asked = only_if(ask.form.number("version"))?;
    let user = user(&ask).await?;
    let before = stored(&user.attributes);
    let texts = typed(&ask, &before);
    let refused = refusals(&texts, &before);
    let mut shown = Shown {
        version: ask.form.number("version"),
        refused,
        ..Shown::of(&user, texts)
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if asked.permits_write(user.version).is_err() {
        return overtaken(&ask, &user, shown).await;
    }
    if !shown.refused.0.is_empty() {
        return answer(&ask, wrong, shown).await;
    }
    let changed: Vec<usize> = (0..FIELDS.len())
        .filter(|n| before.get(*n) != shown.texts.get(*n))
        .collect();
    let back = format!("/instances/{}/users/{}", ask.part("slug"), user.id);
    if changed.is_empty() {
        return ask.go_on(&back, Some(News::Unchanged));
    }
    let operations: Vec<Value> = changed
        .iter()
        .filter_map(|n| Some(step(&user.attributes, FIELDS.get(*n)?, shown.texts.get(*n)?)))
        .collect();
    let id = user.id.clone();
    let written = change(&ask, move |door| {
        let body = json!({"Operations": operations});
        let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default())?;
        directory::patch(door, ResourceType::User, &id, &request, &asked)
    });
    match written.await? {
        Ok(_) => ask.go_on(&back, Some(News::Saved)),
        Err(error) if is_overtaken(&error) => {
            let user = self::user(&ask).await?;
            overtaken(&ask, &user, shown).await
        }
        Err(error) => {
            match blamed(&error, &changed) {
                Some(field) => shown.refused.add(field, said(&error)),
                None => shown.problem = Some(said(&error).to_owned()),
            }
            answer(&ask, wrong, shown).await
        }
    }
}

/// One operation for one field.
fn step(attributes: &Attributes, field: &Field, text: &str) -> Value {
    let value = match field.path {
        EMAILS => with_work_email(attributes, text),
        _ => Some(Value::from(text)).filter(|_| !text.is_empty()),
    };
    match value {
        Some(value) => json!({"op": "replace", "path": field.path, "value": value}),
        None => json!({"op": "remove", "path": field.path}),
    }
}

/// Somebody changed the person since the form was opened: what is stored now is told at each field, and another *Save*
/// decides.
async fn overtaken(ask: &Ask, user: &Resource, shown: Shown) -> Answer {
    let mut shown = Shown {
        version: Some(user.version),
        problem: Some(
            "Somebody changed this person since you opened the form, so nothing was saved. \
             Where it differs from what you typed, the value that is stored now stands below the field."
                .into(),
        ),
        ..shown
    };
    let now = stored(&user.attributes);
    for ((field, typed), now) in FIELDS.iter().zip(&shown.texts).zip(&now) {
        if typed != now && shown.refused.of(field.name).is_none() {
            let now = if now.is_empty() {
                "nothing".to_owned()
            } else {
                format!("“{now}”")
            };
            shown
                .refused
                .add(field.name, format!("{}: stored now is {now}.", field.label));
        }
    }
    answer(ask, StatusCode::CONFLICT, shown).await
}

async fn user(ask: &Ask) -> Result<Resource, Fail> {
    let (instance, id) = (ask.instance().await?.id, ask.part("id"));
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::by_id(rx, instance, ResourceType::User, &id)?))
        .await?;
    found.ok_or(Fail::NotFound)
}

/// The form as it is to be shown.
struct Shown {
    texts: Texts,
    /// Id and name of who is edited.
    who: Option<(String, String)>,
    version: Option<i64>,
    refused: Refusals,
    problem: Option<String>,
}

impl Shown {
    fn new(texts: Texts) -> Self {
        Self {
            texts,
            who: None,
            version: None,
            refused: Refusals::default(),
            problem: None,
        }
    }

    fn of(user: &Resource, texts: Texts) -> Self {
        Self {
            who: Some((user.id.clone(), user.display.clone())),
            version: Some(user.version),
            ..Self::new(texts)
        }
    }
}

async fn answer(ask: &Ask, code: StatusCode, shown: Shown) -> Answer {
    let slug = ask.part("slug");
    let page = ask.read(move |rx, chrome| {
        let title = shown.who.as_ref().map_or("New person", |(_, name)| name.as_str());
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::People, Some(title))?;
        let people = format!("/instances/{}/users", head.slug);
        let (action, back) = match &shown.who {
            Some((id, _)) => (format!("{people}/{id}/edit"), format!("{people}/{id}")),
            None => (format!("{people}/new"), people),
        };
        let mut main = rows(shown.texts);
        let more = main.split_off(FIRST.min(main.len()));
        Ok::<_, Fail>(PersonFormPage {
            title: title.to_owned(),
            others: others(rx, &instance)?,
            version: shown.version,
            refused: shown.refused,
            problem: shown.problem,
            page,
            head,
            action,
            back,
            main,
            more,
        })
    });
    Ok(respond(code, &page.await?))
}

fn rows(texts: Texts) -> Vec<FieldRow> {
    let rows = FIELDS.iter().zip(texts).map(|(field, value)| FieldRow {
        name: field.name,
        label: field.label,
        kind: if field.path == EMAILS { "email" } else { "text" },
        required: field.name == "user_name",
        value,
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn texts(change: impl Fn(&mut Texts)) -> Texts {
        let mut texts = Texts::default();
        texts[0] = "ada@example.com".into();
        change(&mut texts);
        texts
    }

    #[test]
    fn what_cannot_be_is_told_at_its_field() {
        assert!(refusals(&texts(|_| ()), &Texts::default()).0.is_empty());
        let wrong = refusals(
            &texts(|t| {
                t[0].clear();
                t[1] = "x".repeat(LONGEST + 1);
                t[4] = "not an address".into();
            }),
            &Texts::default(),
        );
        let fields: Vec<_> = wrong.0.iter().map(|r| r.field).collect();
        assert_eq!(fields, ["user_name", "display_name", "email"]);
    }

    #[test]
    fn what_others_wrote_is_not_judged_until_it_is_changed() {
        let before = texts(|t| {
            t[1] = "x".repeat(LONGEST + 1);
            t[4] = "n/a".into();
            t[5] = "two\nlines".into();
        });
        assert!(refusals(&before, &before).0.is_empty());
        let wrong = refusals(&before, &texts(|_| ()));
        let fields: Vec<_> = wrong.0.iter().map(|r| r.field).collect();
        assert_eq!(fields, ["display_name", "email", "title"]);
    }

    #[test]
    fn each_field_is_written_to_its_attribute_and_read_from_it() {
        let full = texts(|t| {
            for (n, text) in t.iter_mut().enumerate().skip(1) {
                *text = format!("value{n}@x");
            }
        });
        let operations: Vec<Value> = FIELDS
            .iter()
            .zip(&full)
            .map(|(field, text)| step(&Attributes::new(), field, text))
            .collect();
        let body = json!({"Operations": operations});
        let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default()).unwrap();
        let written = request.apply(&Attributes::new()).unwrap().attributes;
        assert_eq!(stored(&written), full);
        let cleared: Vec<Value> = FIELDS
            .iter()
            .skip(1)
            .map(|field| step(&written, field, ""))
            .collect();
        let body = json!({"Operations": cleared});
        let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default()).unwrap();
        assert_eq!(
            stored(&request.apply(&written).unwrap().attributes),
            texts(|_| ())
        );
    }
}
