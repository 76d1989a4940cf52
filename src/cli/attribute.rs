//! `rollcall attribute …`: attributes of extensions that are declared for an instance.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::AttributeRow;
use super::command::Command;
use super::{CliError, Output, Plan};
use crate::scim::schema::{ResourceType, Type};

#[derive(Debug, Subcommand)]
pub(super) enum AttributeVerb {
    /// Declare an attribute: its values are checked and published from then on
    Add {
        #[command(flatten)]
        named: Named,
        /// string, boolean, integer, decimal, dateTime, reference or binary
        #[arg(long = "type", value_name = "TYPE", value_parser = simple_type)]
        kind: Type,
        /// It has several values, in a list
        #[arg(long)]
        multi_valued: bool,
        /// user or group
        #[arg(long = "for", value_name = "RESOURCE", default_value = "user", value_parser = resource)]
        resource: ResourceType,
    },
    /// The declared attributes of an instance
    List {
        /// The instance, by its slug
        slug: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Take a declaration back; the values that are stored stay as they are
    Remove {
        #[command(flatten)]
        named: Named,
        /// user or group [default: whichever has it]
        #[arg(long = "for", value_name = "RESOURCE", value_parser = resource)]
        resource: Option<ResourceType>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The instance, by its slug
    slug: String,
    /// URN of the extension, such as urn:example:scim:2.0:User
    urn: String,
    /// Name of the attribute
    name: String,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl AttributeVerb {
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::Add {
                named,
                kind,
                multi_valued,
                resource,
            } => Plan::new(
                Command::AttributeAdd {
                    slug: named.slug,
                    resource,
                    urn: named.urn,
                    name: named.name,
                    kind,
                    multi_valued,
                },
                named.json,
                show_added,
            ),
            Self::List { slug, json } => Plan::new(Command::AttributeList { slug }, json, show_list),
            Self::Remove { named, resource } => Plan::new(
                Command::AttributeRemove {
                    slug: named.slug,
                    resource,
                    urn: named.urn,
                    name: named.name,
                },
                named.json,
                show_removed,
            ),
        }
    }
}

fn simple_type(text: &str) -> Result<Type, String> {
    Type::of_name(text)
        .filter(|kind| *kind != Type::Complex)
        .ok_or_else(|| "it has to be string, boolean, integer, decimal, dateTime, reference or binary".into())
}

fn resource(text: &str) -> Result<ResourceType, String> {
    ResourceType::of_name(text).ok_or_else(|| "it has to be user or group".into())
}

fn show_added(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let row: AttributeRow = serde_json::from_value(answer)?;
    out.line(&format!(
        "{}:{} is declared: values are checked from now on.",
        row.urn, row.name
    ))
}

fn show_list(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<AttributeRow> = serde_json::from_value(answer)?;
    let cells = |row: AttributeRow| {
        let many = if row.multi_valued { ", multi-valued" } else { "" };
        let of = row.resource_type.name().to_lowercase();
        vec![row.name, of, format!("{}{many}", row.kind.name()), row.urn]
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    out.table(
        &["NAME", "FOR", "TYPE", "URN"],
        &rows,
        "No attribute is declared.",
    )
}

fn show_removed(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<AttributeRow> = serde_json::from_value(answer)?;
    rows.iter().try_for_each(|row| {
        out.line(&format!(
            "{}:{} is declared no more; the values that are stored stay as they are.",
            row.urn, row.name
        ))
    })
}
