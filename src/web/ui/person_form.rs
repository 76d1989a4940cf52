//! `/instances/{slug}/users/new` and `…/users/{id}/edit`: the form of a person. Only what was changed in it is written, so
//! only that becomes the admin's; what the form does not show stays untouched. A change made meanwhile is told, not
//! overwritten.

mod untouched;

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Value, json};

use super::ask::Ask;
use super::change::{change, find, is_overtaken, only_if, operation, said, with_work_email};
use super::fail::Answer;
use super::flash::News;
use super::frame::{self, Draft, FieldRow, Frame, LONGEST};
use super::instance::Head;
use super::page::Page;
use super::parts::Refusals;
use crate::directory;
use crate::mapping::work_email;
use crate::model::Resource;
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};

/// The form.
#[derive(Template)]
#[template(path = "person_form.html")]
pub struct PersonFormPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// Around the fields.
    pub frame: Frame,
    /// What is asked first.
    pub main: Vec<FieldRow>,
    /// What few need.
    pub more: Vec<FieldRow>,
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

/// Puts a refusal beside the field that it is about; else above them all.
fn blame(draft: &mut Draft, error: &ScimError, changed: &[usize]) {
    match blamed(error, changed) {
        Some(field) => draft.refused.add(field, said(error)),
        None => draft.problem = Some(said(error).to_owned()),
    }
}

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
    answer(&ask, StatusCode::OK, Draft::default(), Texts::default()).await
}

/// Makes the person.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn create(ask: Ask) -> Answer {
    let before = Texts::default();
    let texts = typed(&ask, &before);
    let mut draft = Draft {
        refused: refusals(&texts, &before),
        ..Draft::default()
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if !draft.refused.0.is_empty() {
        return answer(&ask, wrong, draft, texts).await;
    }
    let mut body = Attributes::new();
    for (field, text) in FIELDS.iter().zip(&texts) {
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
            blame(&mut draft, &error, &[]);
            answer(&ask, wrong, draft, texts).await
        }
    }
}

/// The form of somebody who is there.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let user = find(&ask, ResourceType::User).await?;
    let texts = stored(&user.attributes);
    answer(&ask, StatusCode::OK, Draft::of(&user), texts).await
}

/// Writes what was changed in the form.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let version = ask.form.number("version");
    let asked = only_if(version)?;
    let user = find(&ask, ResourceType::User).await?;
    let before = stored(&user.attributes);
    let texts = typed(&ask, &before);
    let mut draft = Draft {
        version,
        refused: refusals(&texts, &before),
        ..Draft::of(&user)
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if asked.permits_write(user.version).is_err() {
        return overtaken(&ask, &user, draft.refused, texts).await;
    }
    if !draft.refused.0.is_empty() {
        return answer(&ask, wrong, draft, texts).await;
    }
    let changed: Vec<usize> = (0..FIELDS.len())
        .filter(|n| before.get(*n) != texts.get(*n))
        .collect();
    let back = format!("/instances/{}/users/{}", ask.part("slug"), user.id);
    if changed.is_empty() {
        return ask.go_on(&back, Some(News::Unchanged));
    }
    let operations: Vec<Value> = changed
        .iter()
        .filter_map(|n| Some(step(&user.attributes, FIELDS.get(*n)?, texts.get(*n)?)))
        .collect();
    let written = change(&ask, move |door| {
        let body = json!({"Operations": operations});
        let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default())?;
        directory::patch(door, ResourceType::User, &user.id, &request, &asked)
    });
    match written.await? {
        Ok(_) => ask.go_on(&back, Some(News::Saved)),
        Err(error) if is_overtaken(&error) => {
            let now = find(&ask, ResourceType::User).await?;
            overtaken(&ask, &now, draft.refused, texts).await
        }
        Err(error) => {
            blame(&mut draft, &error, &changed);
            answer(&ask, wrong, draft, texts).await
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
async fn overtaken(ask: &Ask, user: &Resource, refused: Refusals, texts: Texts) -> Answer {
    let mut draft = Draft {
        refused,
        problem: Some(
            "Somebody changed this person since you opened the form, so nothing was saved. \
             Where it differs from what you typed, the value that is stored now stands below the field."
                .into(),
        ),
        ..Draft::of(user)
    };
    for ((field, typed), now) in FIELDS.iter().zip(&texts).zip(&stored(&user.attributes)) {
        if typed != now && draft.refused.of(field.name).is_none() {
            let now = if now.is_empty() {
                "nothing".to_owned()
            } else {
                format!("“{now}”")
            };
            draft
                .refused
                .add(field.name, format!("{}: stored now is {now}.", field.label));
        }
    }
    answer(ask, StatusCode::CONFLICT, draft, texts).await
}

async fn answer(ask: &Ask, code: StatusCode, draft: Draft, texts: Texts) -> Answer {
    let fields = move |page, head, frame| {
        let mut main = rows(texts);
        let more = main.split_off(FIRST.min(main.len()));
        PersonFormPage {
            page,
            head,
            frame,
            main,
            more,
        }
    };
    frame::answer(ask, code, ResourceType::User, draft, fields).await
}

fn rows(texts: Texts) -> Vec<FieldRow> {
    let rows = FIELDS.iter().zip(texts).map(|(field, value)| FieldRow {
        name: field.name,
        label: field.label,
        kind: if field.path == EMAILS { "email" } else { "text" },
        hint: match field.name {
            "user_name" => "Names the person here and in the app.",
            "language" => "Like de or en-GB.",
            "locale" => "Like de-DE: how dates and numbers are written.",
            "timezone" => "Like Europe/Berlin.",
            _ => "",
        },
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
        let fields: Vec<_> = wrong.0.iter().map(|r| &*r.field).collect();
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
        let fields: Vec<_> = wrong.0.iter().map(|r| &*r.field).collect();
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
