//! Every check there is, in the order of the checklist. What is not in this table is not looked at.

use crate::model::{Line, LineGroup, LineState};

use LineGroup as G;

/// Id, heading and title.
const CHECKS: &[(&str, LineGroup, &str)] = &[
    ("reach.dns", G::Reachability, "The name has an address"),
    ("reach.tcp", G::Reachability, "The port takes connections"),
    ("reach.tls", G::Reachability, "TLS and certificate"),
    (
        "reach.credentials",
        G::Reachability,
        "The credentials are accepted",
    ),
    ("reach.scim", G::Reachability, "It is a SCIM endpoint"),
    ("discovery.config", G::Discovery, "Says what it can do"),
    ("discovery.schemas", G::Discovery, "Describes its schemas"),
    ("discovery.types", G::Discovery, "Names its resource types"),
    ("users.list", G::Users, "Users can be read"),
    ("users.one", G::Users, "One user can be read alone"),
    (
        "users.absent",
        G::Users,
        "Says clearly that somebody does not exist",
    ),
    ("groups.list", G::Groups, "Groups can be read"),
    ("groups.members", G::Groups, "Lists show the members of groups"),
    ("paging.kind", G::Paging, "Lists go on after the first page"),
    ("paging.size", G::Paging, "Gives pages of the size asked for"),
    ("paging.totals", G::Paging, "Totals agree with what comes"),
    ("filter.nobody", G::Filters, "A search for nobody finds nobody"),
    ("filter.userName", G::Filters, "Finds a user by userName"),
    (
        "filter.case",
        G::Filters,
        "Letter case of userName does not matter",
    ),
    ("filter.externalId", G::Filters, "Finds a user by externalId"),
    ("filter.emails", G::Filters, "Finds a user by e-mail"),
    ("filter.displayName", G::Filters, "Finds a group by displayName"),
    ("etag", G::Etag, "Resources bear a version"),
    ("patch", G::Patch, "Announces PATCH"),
    ("limits", G::Limits, "Shows its limits"),
    ("times", G::Times, "Answers quickly"),
    ("write.user", G::Writes, "Makes a user"),
    ("write.replace", G::Writes, "PATCH replaces a value"),
    ("write.add", G::Writes, "PATCH adds a value"),
    ("write.remove", G::Writes, "PATCH removes a value"),
    ("write.put", G::Writes, "PUT writes a whole user"),
    ("write.group", G::Writes, "Makes a group"),
    ("write.join", G::Writes, "Takes a member into a group"),
    ("write.leave", G::Writes, "Takes a member out of a group"),
    ("write.deactivate", G::Writes, "Deactivates a user"),
    ("write.delete", G::Writes, "Deletes what was made"),
    ("write.clean", G::Writes, "Nothing of this probe is left behind"),
];

/// The ids of the checks that write.
pub(super) fn writing() -> impl Iterator<Item = &'static str> {
    CHECKS
        .iter()
        .filter(|check| check.1 == G::Writes)
        .map(|check| check.0)
}

/// A line of the check with this id.
pub(super) fn line(id: &str, state: LineState, found: String, advice: &str) -> Line {
    let (group, title) = CHECKS
        .iter()
        .find(|check| check.0 == id)
        .map_or((G::Reachability, ""), |check| (check.1, check.2));
    Line {
        id: id.into(),
        group,
        title: title.into(),
        state,
        found,
        advice: advice.into(),
    }
}

/// One line of every check, in order: the worst of what was said of it, else that it was not looked at.
pub(super) fn all(said: Vec<Line>, halted: &str) -> Vec<Line> {
    let of = |id: &str| {
        let lines = said.iter().filter(|line| line.id == id);
        lines.max_by_key(|line| rank(line.state)).cloned()
    };
    CHECKS
        .iter()
        .map(|check| of(check.0).unwrap_or_else(|| line(check.0, LineState::Skipped, halted.into(), "")))
        .collect()
}

fn rank(state: LineState) -> u8 {
    match state {
        LineState::Skipped => 0,
        LineState::Ok => 1,
        LineState::Unknown => 2,
        LineState::Warn => 3,
        LineState::Bad => 4,
    }
}
