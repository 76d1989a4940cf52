//! `/instances/{slug}/attributes`: attributes of extensions that were declared for the instance, and the form for another.

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::{Choice, Refusals};
use super::respond::respond;
use crate::scim::rules::{Custom, DeclareError, Declared};
use crate::scim::schema::{ResourceType, Type};
use crate::store::custom;
use crate::sync::manage::ManageError;

/// The list and the form.
#[derive(Template)]
#[template(path = "attributes.html")]
pub struct AttributesPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// In the order in which they are published.
    pub rows: Vec<AttributeRow>,
    /// No more can be declared.
    pub full: bool,
    /// As typed.
    pub urn: String,
    /// As typed.
    pub name: String,
    /// Resource types.
    pub resources: Vec<Choice>,
    /// Data types.
    pub types: Vec<Choice>,
    /// As ticked.
    pub multi_valued: bool,
    /// Fields: `urn`, `name`.
    pub refused: Refusals,
}

/// One declared attribute.
pub struct AttributeRow {
    /// Its name.
    pub name: String,
    /// URN of its extension.
    pub urn: String,
    /// `User` or `Group`, as it is sent.
    pub resource: &'static str,
    /// `People` or `Groups`.
    pub of: &'static str,
    /// `integer`, `string, several`.
    pub kind: String,
}

const RESOURCES: [(&str, &str, &str); 2] = [("User", "People", ""), ("Group", "Groups", "")];
const TYPES: [(Type, &str); 7] = [
    (Type::String, "Text"),
    (Type::Boolean, "True or false"),
    (Type::Integer, "Whole number"),
    (Type::Decimal, "Number"),
    (Type::DateTime, "Date and time"),
    (Type::Reference, "Reference (a URI)"),
    (Type::Binary, "Binary (base64)"),
];

/// What was typed.
#[derive(Default)]
struct Typed {
    urn: String,
    name: String,
    resource: String,
    kind: String,
    multi_valued: bool,
}

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    answer(&ask, StatusCode::OK, Typed::default(), Refusals::default()).await
}

/// Declares an attribute.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let typed = Typed {
        urn: ask.form.short("urn", 300),
        name: ask.form.short("name", 200),
        resource: ask.form.short("resource", 20),
        kind: ask.form.short("type", 20),
        multi_valued: ask.form.ticked("multi_valued"),
    };
    let resource = ResourceType::of_name(&typed.resource).unwrap_or(ResourceType::User);
    let kind = TYPES.iter().find(|(kind, _)| kind.name() == typed.kind);
    let kind = kind.map_or(Type::String, |(kind, _)| *kind);
    let new = Declared::new(resource, &typed.urn, &typed.name, kind, typed.multi_valued);
    match ask.pages.manager.declare(ask.actor()?, instance.id, new).await {
        Ok(_) => back(&ask, News::Declared),
        Err(ManageError::Declare(why)) => {
            let mut refused = Refusals::default();
            refused.add(field(why), why.to_string());
            answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, typed, refused).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Takes a declaration back.
///
/// # Errors
/// `NotFound`, it is not declared any more; the store's.
pub async fn remove(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let resource = ResourceType::of_name(ask.form.text("resource")).ok_or(Fail::NotFound)?;
    let (urn, name) = (ask.form.short("urn", 300), ask.form.short("name", 200));
    let done = ask
        .pages
        .manager
        .undeclare(ask.actor()?, instance.id, Some(resource), urn, name);
    done.await?;
    back(&ask, News::Undeclared)
}

fn back(ask: &Ask, news: News) -> Answer {
    ask.go_on(&format!("/instances/{}/attributes", ask.part("slug")), Some(news))
}

/// Which field a refusal is about.
fn field(why: DeclareError) -> &'static str {
    match why {
        DeclareError::Urn | DeclareError::Reserved => "urn",
        DeclareError::Name
        | DeclareError::Ambiguous
        | DeclareError::Taken
        | DeclareError::OtherForm
        | DeclareError::Complex
        | DeclareError::TooMany => "name",
    }
}

async fn answer(ask: &Ask, code: StatusCode, typed: Typed, refused: Refusals) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Settings, Some("Attributes"))?;
        let all = custom::of(rx, instance.id)?;
        Ok::<_, Fail>(AttributesPage {
            page,
            head,
            full: all.declared().len() >= Custom::MOST,
            rows: all.declared().iter().map(row).collect(),
            resources: Choice::list(&RESOURCES, &typed.resource),
            types: Choice::list(&TYPES.map(|(kind, label)| (kind.name(), label, "")), &typed.kind),
            urn: typed.urn,
            name: typed.name,
            multi_valued: typed.multi_valued,
            refused,
        })
    });
    Ok(respond(code, &shown.await?))
}

fn row(declared: &Declared) -> AttributeRow {
    let kind = declared.form.kind;
    let label = TYPES.iter().find(|(known, _)| *known == kind);
    let label = label.map_or(kind.name(), |(_, label)| *label);
    let several = if declared.form.multi_valued {
        ", several"
    } else {
        ""
    };
    AttributeRow {
        name: declared.name.clone(),
        urn: declared.urn.clone(),
        resource: declared.resource.name(),
        of: match declared.resource {
            ResourceType::User => "People",
            ResourceType::Group => "Groups",
        },
        kind: format!("{label}{several}"),
    }
}
