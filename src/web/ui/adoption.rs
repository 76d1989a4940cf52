//! `/instances/{slug}/adoption`: how the two sides match, and the pairs of which a person has to say whether they are one.

use askama::Template;

use super::ask::Ask;
use super::change::place;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::When;
use super::serve::show;
use super::words;
use crate::mapping::work_email;
use crate::model::InstanceId;
use crate::model::adoption::{Likeness, Pair};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::{Lane, Rx, StoreError, Tx, adoptions, instances, resources};
use crate::sync::adoption::{self, Classes, Match};
use crate::sync::preview::ON_A_PAGE;

/// The classes, and what waits.
#[derive(Template)]
#[template(path = "adoption.html")]
pub struct AdoptionPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// Matched, proposed, ambiguous, only here, only in the app.
    pub classes: Vec<ClassRow>,
    /// `120`, or `50 of 120`: shown, and proposed in all.
    pub proposed_count: String,
    /// The first of them.
    pub proposed: Vec<PairRow>,
    /// The same of ours that are ambiguous.
    pub ambiguous_count: String,
    /// The first of them, each with its candidates.
    pub ambiguous: Vec<Choose>,
}

/// A class in numbers.
pub struct ClassRow {
    /// What is read.
    pub label: &'static str,
    /// What it means.
    pub hint: &'static str,
    /// People in it.
    pub people: String,
    /// Groups in it.
    pub groups: String,
}

/// A pair that may be one.
pub struct PairRow {
    /// Sent with a decision.
    pub id: i64,
    /// Ours.
    pub ours: SideRow,
    /// The app's.
    pub theirs: SideRow,
    /// `same work e-mail`…
    pub why: &'static str,
    /// Since when it waits.
    pub at: When,
}

/// One side.
pub struct SideRow {
    /// Its page.
    pub href: String,
    /// What people call it.
    pub name: String,
    /// userName or displayName.
    pub user_name: String,
    /// Work e-mail, if it is another; may be empty.
    pub email: String,
}

/// One of ours, and several that it may be.
pub struct Choose {
    /// Ours.
    pub ours: SideRow,
    /// The candidates.
    pub candidates: Vec<PairRow>,
    /// Their ids, for *None of them*.
    pub ids: String,
}

/// Shown of each kind at once: the next come when these are decided.
const SHOWN: usize = 50;
/// Decided in one unit of work.
const CHUNK: usize = 25;
/// Most pairs of which the overview speaks.
const TOLD: u64 = 1000;

/// `3 pairs wait for a decision`; empty: none does.
///
/// # Errors
/// When the database fails.
pub fn undecided(rx: &Rx<'_>, instance: InstanceId) -> Result<String, StoreError> {
    Ok(match adoptions::count_waiting(rx, instance, TOLD)? {
        0 => String::new(),
        1 => "1 pair waits for a decision".into(),
        n if n < TOLD => format!("{} pairs wait for a decision", words::number(n)),
        n => format!("{} or more pairs wait for a decision", words::number(n)),
    })
}

/// The page.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let slug = ask.part("slug");
    let id = ask.instance().await?.id;
    let found = adoption::look(ask.pages.store(), id, ON_A_PAGE).await?;
    let shown = ask.read(move |rx, chrome| {
        let Inside { page, head, .. } = chrome.inside(rx, &slug, Tab::Overview, Some("Adoption"))?;
        let classes = classes(&found);
        let Match {
            proposed, ambiguous, ..
        } = found;
        let row = |pair: &Pair| row(rx, &head.slug, pair);
        let chosen = ambiguous.iter().take(SHOWN).map(|pairs| {
            let candidates = pairs.iter().map(row).collect::<Result<Vec<_>, _>>()?;
            let ids: Vec<String> = pairs.iter().map(|p| p.id.to_string()).collect();
            Ok(match pairs.first() {
                Some(first) => Some(Choose {
                    ours: side(rx, &head.slug, first.kind, &first.ours)?,
                    ids: ids.join(","),
                    candidates,
                }),
                None => None,
            })
        });
        let chosen = chosen.collect::<Result<Vec<_>, StoreError>>()?;
        Ok::<_, Fail>(AdoptionPage {
            proposed_count: shown_of(proposed.len()),
            ambiguous_count: shown_of(ambiguous.len()),
            proposed: proposed.iter().take(SHOWN).map(row).collect::<Result<_, _>>()?,
            ambiguous: chosen.into_iter().flatten().collect(),
            classes,
            page,
            head,
        })
    });
    show(&shown.await?)
}

fn shown_of(total: usize) -> String {
    let number = |n: usize| words::number(n as u64);
    if total > SHOWN {
        format!("{} of {}", number(SHOWN), number(total))
    } else {
        number(total)
    }
}

fn classes(found: &Match) -> Vec<ClassRow> {
    let number = |n: u64| match found.is_partial {
        true => format!("at least {}", words::number(n)),
        false => words::number(n),
    };
    let row = |label, hint, of: fn(&Classes) -> u64| ClassRow {
        label,
        hint,
        people: number(of(&found.users)),
        groups: number(of(&found.groups)),
    };
    vec![
        row("Matched", "On both sides, and linked.", |c| c.matched),
        row("Proposed", "The same work e-mail under two names.", |c| {
            c.proposed
        }),
        row("Ambiguous", "Several can be meant.", |c| c.ambiguous),
        row("Only here", "Nothing in the app is like it.", |c| c.only_here),
        row("Only in the app", "Nobody here manages it.", |c| c.only_in_app),
    ]
}

fn row(rx: &Rx<'_>, slug: &str, pair: &Pair) -> Result<PairRow, StoreError> {
    Ok(PairRow {
        id: pair.id,
        ours: side(rx, slug, pair.kind, &pair.ours)?,
        theirs: side(rx, slug, pair.kind, &pair.theirs)?,
        why: match pair.why {
            Likeness::Email => "same work e-mail",
            Likeness::Name => "same name",
            Likeness::External => "same externalId",
        },
        at: When::clock(pair.at, rx.now()),
    })
}

fn side(
    rx: &Rx<'_>,
    slug: &str,
    kind: ResourceType,
    of: &crate::model::adoption::Side,
) -> Result<SideRow, StoreError> {
    let there = resources::load(rx, of.row)?;
    let email = there
        .as_ref()
        .and_then(|r| work_email(&r.attributes))
        .map(|(_, address)| address.to_owned())
        .filter(|address| fold(address) != fold(&of.name));
    Ok(SideRow {
        href: format!("/instances/{slug}/{}/{}", place(kind), of.id),
        name: of.display.clone(),
        user_name: of.name.clone(),
        email: email.unwrap_or_default(),
    })
}

/// Decides: one pair, or all that the page listed as proposed.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let (id, page) = (instance.id, format!("/instances/{}/adoption", instance.slug));
    let none: Vec<i64> = ask
        .form
        .short("none", 1000)
        .split(',')
        .filter_map(|id| id.parse().ok())
        .collect();
    let (same, chosen) = match ask.form.text("act") {
        "accept-all" => (true, ask.form.numbers("id")),
        "" if ask.form.ticked("same") => (true, ask.form.numbers("same")),
        "" if ask.form.ticked("apart") => (false, ask.form.numbers("apart")),
        "" if !none.is_empty() => (false, none),
        _ => return Err(Fail::Form),
    };
    let mut decided = 0;
    for part in chosen.chunks(CHUNK) {
        let (part, by) = (part.to_vec(), ask.actor()?);
        let work = move |tx: &Tx<'_>| -> Result<usize, StoreError> {
            let Some(instance) = instances::by_id(tx, id)? else {
                return Ok(0);
            };
            if same {
                adoption::accept(tx, &instance, &part, &by)
            } else {
                adoption::separate(tx, &instance, &part, &by)
            }
        };
        decided += ask.pages.store().write(Lane::Front, Some(id), work).await?;
    }
    ask.pages.engine.wake();
    let news = match (decided, same) {
        (0, _) => News::NothingUndecided,
        (_, true) => News::ToldSame,
        (_, false) => News::ToldApart,
    };
    ask.go_on(&page, Some(news))
}
