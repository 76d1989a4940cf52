//! What goes onward of an instance, how, and what its app can do.

use super::sample::{HOSTILE, head, inside, when};
use crate::model::{Health, LineState};
use crate::scim::schema::ResourceType;
use crate::sync::preview::{Loses, Preview};
use crate::web::ui::attributes::{AttributeRow, AttributesPage};
use crate::web::ui::capabilities::{CapabilitiesPage, CheckGroup, CheckLine, badge};
use crate::web::ui::instance::Tab;
use crate::web::ui::mapping::examples::{Example, Examples, Other};
use crate::web::ui::mapping::{Asked, MappingPage, RowShown};
use crate::web::ui::parts::{Choice, Refusals};

/// What an edit would take away.
pub(super) fn preview() -> Preview {
    let loses = |name: &str, is_deleted| Loses {
        kind: ResourceType::User,
        id: "0190".into(),
        name: name.into(),
        reason: "out of scope",
        is_deleted,
    };
    Preview {
        looked: 0,
        all: 0,
        users: 9,
        held: 4,
        updated: 3,
        named: vec![loses(HOSTILE, false), loses("Ben", true)],
        of: "0123456789abcdef".into(),
        ..Preview::default()
    }
}

pub(super) fn mapping() -> MappingPage {
    let row = |kind, path: &str, template: &str, wrong: Option<&str>| RowShown {
        kind,
        path: path.into(),
        template: template.into(),
        required: true,
        is_name: false,
        is_rest: false,
        origin: if wrong.is_some() { "changed" } else { "default" },
        example: Example {
            text: HOSTILE.into(),
            is_wrong: wrong.is_some(),
            is_silent: false,
        },
        wrong: wrong.map(str::to_owned),
    };
    let mut refused = Refusals::default();
    refused.add("carry_users", "“userNam” is no attribute of a User.");
    MappingPage {
        page: inside("Scope and mapping"),
        head: head(Tab::Settings, Health::Healthy),
        carry_users: HOSTILE.into(),
        carry_groups: String::new(),
        carry_group_names: HOSTILE.into(),
        carries: vec!["12 of 40 people".into(), "3 of 3 groups".into()],
        rows: vec![
            row("User", "displayName", "{{ name.givenName }}", None),
            row("Group", HOSTILE, HOSTILE, Some("The template cannot be read.")),
        ],
        full: false,
        new: RowShown::default(),
        kinds: Choice::list(&[("User", "People", ""), ("Group", "Groups", "")], "User"),
        proposed: true,
        differs: true,
        examples: Examples {
            asked: HOSTILE.into(),
            name: HOSTILE.into(),
            user_name: HOSTILE.into(),
            others: vec![Other {
                name: HOSTILE.into(),
                href: "/instances/jira/mapping?user=ben".into(),
            }],
            more: 3,
            group: HOSTILE.into(),
            ..Examples::default()
        },
        refused,
        asked: Some(Asked {
            preview: preview(),
            fields: vec![("act", "scope".into()), ("carry_users", HOSTILE.into())],
        }),
    }
}

pub(super) fn attributes() -> AttributesPage {
    let row = |name: &str, urn: &str, kind: &str| AttributeRow {
        name: name.into(),
        urn: urn.into(),
        resource: "User",
        of: "People",
        kind: kind.into(),
    };
    let mut refused = Refusals::default();
    refused.add(
        "urn",
        "This URN belongs to a schema of the standard. Type one of your own.",
    );
    AttributesPage {
        page: inside("Attributes"),
        head: head(Tab::Settings, Health::Healthy),
        rows: vec![
            row("badgeNumber", "urn:example:scim:2.0:User", "Whole number"),
            row("roles", "urn:example:scim:2.0:User", "Text, several"),
        ],
        full: false,
        urn: HOSTILE.into(),
        name: "tags".into(),
        resources: Choice::list(&[("User", "People", ""), ("Group", "Groups", "")], "User"),
        types: Choice::list(
            &[("string", "Text", ""), ("integer", "Whole number", "")],
            "string",
        ),
        multi_valued: true,
        refused,
    }
}

pub(super) fn capabilities() -> CapabilitiesPage {
    let line = |state, title: &str, found: &str, advice: &str| CheckLine {
        badge: badge(state),
        title: title.into(),
        found: found.into(),
        advice: advice.into(),
    };
    let reach = vec![
        line(
            LineState::Ok,
            "The name has an address",
            "api.atlassian.com has an address that may be called.",
            "",
        ),
        line(
            LineState::Warn,
            "TLS and certificate",
            "TLS works; the certificate is valid for 9 more days.",
            "Renew it before it ends: then nothing can be sent any more.",
        ),
    ];
    let filters = vec![
        line(
            LineState::Bad,
            "A search for nobody finds nobody",
            HOSTILE,
            "Ask whoever makes the app for filters.",
        ),
        line(
            LineState::Unknown,
            "Finds a user by externalId",
            "No user in the list has an externalId to search for.",
            "Check again when there is one.",
        ),
        line(
            LineState::Skipped,
            "Makes a user",
            "Only a check with writes tries this.",
            "",
        ),
    ];
    CapabilitiesPage {
        page: inside("What the app can do"),
        head: head(Tab::Overview, Health::Healthy),
        at: Some(when(3 * 86_400)),
        sums: "1 in order, 1 with a note, 1 failing, 1 not known, 1 not tried".into(),
        writes: false,
        running: false,
        may_ask: true,
        groups: vec![
            CheckGroup {
                title: "Reachability",
                lines: reach,
            },
            CheckGroup {
                title: "Filters",
                lines: filters,
            },
        ],
    }
}
