//! What the rows of a mapping give: for a person who was looked for, else the first by name, and for the first group.

use super::super::fail::Fail;
use super::super::paging;
use super::super::{values, words};
use crate::mapping::{Onward, Slot, Wanted};
use crate::model::job::OUR_MAPPING;
use crate::model::{Instance, MapRow, Policies, Resource};
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{fold, resource};
use crate::store::search::{self, Listed, Only};
use crate::store::{Rx, StoreError, resources};

/// People who are offered beside the one that is shown.
const OTHERS: u64 = 6;
/// Attributes that are named as left out.
const NAMED: usize = 8;

/// For whom examples are made.
#[derive(Default)]
pub struct Examples {
    /// As typed.
    pub asked: String,
    /// What people call the person; empty: there is none.
    pub name: String,
    /// userName.
    pub user_name: String,
    /// Others who match, as links.
    pub others: Vec<Other>,
    /// How many more there are.
    pub more: u64,
    /// Why there is nobody, a sentence.
    pub note: String,
    /// What the first group is called; empty: there is none.
    pub group: String,
    /// Of whom they are made: at most one person and one group.
    pub chosen: Vec<Resource>,
}

/// Somebody else who matches.
pub struct Other {
    /// What people call them.
    pub name: String,
    /// The page with examples of them.
    pub href: String,
}

/// What a row gives.
#[derive(Default)]
pub struct Example {
    /// The value, or what is wrong with it; empty: there is nobody to show it of.
    pub text: String,
    /// It is what is wrong.
    pub is_wrong: bool,
    /// Nothing is sent, and so it is meant.
    pub is_silent: bool,
}

impl Examples {
    /// Looks for a person by a piece of the name or e-mail; nothing typed: the first by name.
    ///
    /// # Errors
    /// The store's.
    pub fn find(rx: &Rx<'_>, instance: &Instance, asked: String) -> Result<Self, Fail> {
        let mut found = Self {
            asked,
            ..Self::default()
        };
        let exact = match found.asked.as_str() {
            "" => None,
            name => resources::by_name(rx, instance.id, ResourceType::User, &fold(name))?.pop(),
        };
        match exact {
            Some(person) => found.choose(person),
            None => found.search(rx, instance)?,
        }
        let (_, groups) = search::listed(rx, instance.id, ResourceType::Group, "", Only::All, 0, 1)?;
        if let Some(group) = load(rx, instance, ResourceType::Group, groups.first())? {
            found.group.clone_from(&group.display);
            found.chosen.push(owned(group));
        }
        Ok(found)
    }

    fn search(&mut self, rx: &Rx<'_>, instance: &Instance) -> Result<(), Fail> {
        let kind = ResourceType::User;
        let listed = match search::listed(rx, instance.id, kind, &self.asked, Only::All, 0, OTHERS + 1) {
            Err(StoreError::TooMuch(_)) => {
                self.note = "It took too long to look through everybody: type the whole userName.".into();
                return Ok(());
            }
            listed => listed?,
        };
        let (total, mut people) = listed;
        if people.is_empty() {
            self.note = match self.asked.as_str() {
                "" => "Nobody is here yet. Examples appear with the first person.".into(),
                asked => format!("Nobody here has “{asked}” in their name or e-mail."),
            };
            return Ok(());
        }
        if let Some(person) = load(rx, instance, kind, people.first())? {
            self.choose(person);
        }
        if self.asked.is_empty() {
            return Ok(());
        }
        people.remove(0);
        self.more = total.saturating_sub(1 + people.len() as u64);
        let address = address(instance);
        let other = |one: Listed| Other {
            href: paging::link(&address, &[], ("user", &one.name)),
            name: one.display,
        };
        self.others = people.into_iter().map(other).collect();
        Ok(())
    }

    fn choose(&mut self, person: Resource) {
        self.name.clone_from(&person.display);
        self.user_name.clone_from(&person.name);
        self.chosen.push(owned(person));
    }

    /// What each of these rows gives, in their order.
    #[must_use]
    pub fn of(&self, policies: &Policies, custom: &Custom) -> Vec<Example> {
        let onward = Onward::new(policies, custom);
        let given: Vec<(&Resource, Wanted)> =
            self.chosen.iter().map(|ours| (ours, onward.of(ours))).collect();
        let one = |row: &MapRow| {
            let given = given.iter().find(|(ours, _)| ours.kind == row.kind);
            given.map_or_else(Example::default, |(ours, wanted)| {
                example(row, ours, wanted, custom)
            })
        };
        policies.mapping.iter().map(one).collect()
    }
}

/// The page of an instance.
pub(super) fn address(instance: &Instance) -> String {
    format!("/instances/{}/mapping", instance.slug)
}

fn load(
    rx: &Rx<'_>,
    instance: &Instance,
    kind: ResourceType,
    listed: Option<&Listed>,
) -> Result<Option<Resource>, StoreError> {
    match listed {
        Some(listed) => resources::by_id(rx, instance.id, kind, &listed.id),
        None => Ok(None),
    }
}

/// As if all of it were pushed: of whom nobody here manages nothing would be sent.
fn owned(mut ours: Resource) -> Resource {
    if !ours.is_managed() {
        ours.owned.extend(resource::paths(ours.kind, &ours.attributes));
    }
    ours
}

fn example(row: &MapRow, ours: &Resource, wanted: &Wanted, custom: &Custom) -> Example {
    let start = format!("{OUR_MAPPING}{}: ", row.path);
    let mut wrong = wanted.faults.iter().chain(&wanted.missing);
    if let Some(why) = wrong.find_map(|fault| fault.strip_prefix(&start)) {
        return Example {
            text: format!("{}.", words::sentence(why)),
            is_wrong: true,
            is_silent: false,
        };
    }
    let text = match Slot::read(row.kind, &row.path, custom) {
        Ok(slot) if slot.is_rest() => left_out(ours, wanted),
        Ok(slot) => resource::get(&wanted.document, &slot.path)
            .map(values::text)
            .unwrap_or_default(),
        Err(_) => String::new(),
    };
    let is_silent = text.is_empty();
    Example {
        text: if is_silent { "nothing is sent".into() } else { text },
        is_wrong: false,
        is_silent,
    }
}

/// `Leaves out title, emails`.
fn left_out(ours: &Resource, wanted: &Wanted) -> String {
    let paths = resource::paths(ours.kind, &ours.attributes);
    let out: Vec<&str> = paths
        .iter()
        .filter(|path| wanted.is_silent(path))
        .map(|path| values::path(path).1)
        .collect();
    match out.split_at_checked(NAMED) {
        _ if out.is_empty() => String::new(),
        Some((first, rest)) if !rest.is_empty() => {
            format!("Leaves out {} and {} more", first.join(", "), rest.len())
        }
        _ => format!("Leaves out {}", out.join(", ")),
    }
}
