//! Forms with which an admin makes and changes people and groups, and the decisions of an adoption.

use super::sample::{HOSTILE, head, inside, when};
use super::{Shown, shown};
use crate::model::Health;
use crate::web::ui::adoption::{AdoptionPage, Choose, ClassRow, PairRow, SideRow};
use crate::web::ui::frame::{FieldRow, Frame};
use crate::web::ui::group_form::GroupFormPage;
use crate::web::ui::group_members::{Candidate, GroupMembersPage};
use crate::web::ui::instance::Tab;
use crate::web::ui::parts::{Paging, Refusals};
use crate::web::ui::person_form::PersonFormPage;

const OTHERS: &str = "An identity provider holds a key of this instance: it may write its own value again.";

pub(super) fn pages() -> Vec<Shown> {
    vec![
        shown("person-form", &person_form()),
        shown("group-form", &group_form()),
        shown("group-add", &group_members()),
        shown("adoption", &adoption()),
    ]
}

fn field(name: &'static str, label: &'static str, value: &str) -> FieldRow {
    FieldRow {
        name,
        label,
        kind: if name == "email" { "email" } else { "text" },
        hint: if name == "locale" { "Like de-DE." } else { "" },
        value: value.into(),
        required: name == "user_name",
    }
}

fn person_form() -> PersonFormPage {
    let mut refused = Refusals::default();
    refused.add("email", "Type an e-mail address, like ada@example.com.");
    PersonFormPage {
        page: inside("Mara Lindt"),
        head: head(Tab::People, Health::Healthy),
        frame: Frame {
            title: HOSTILE.into(),
            action: "/instances/atlassian-prod/users/019a/edit".into(),
            back: "/instances/atlassian-prod/users/019a".into(),
            version: Some(3),
            others: OTHERS.into(),
            refused,
            problem: Some("Somebody changed this person since you opened the form.".into()),
        },
        main: vec![
            field("user_name", "userName", "mara.lindt@example.com"),
            field("display_name", "Display name", HOSTILE),
            field("email", "Work e-mail", "mara"),
        ],
        more: vec![field("locale", "Locale", "de-DE")],
    }
}

fn group_form() -> GroupFormPage {
    GroupFormPage {
        page: inside("New group"),
        head: head(Tab::Groups, Health::Healthy),
        frame: Frame {
            title: "New group".into(),
            action: "/instances/atlassian-prod/groups/new".into(),
            back: "/instances/atlassian-prod/groups".into(),
            version: None,
            others: String::new(),
            refused: Refusals::default(),
            problem: None,
        },
        name: field("display_name", "Name", HOSTILE),
    }
}

fn group_members() -> GroupMembersPage {
    let candidate = |id: &str, name: &str, member| Candidate {
        id: id.into(),
        name: name.into(),
        user_name: format!("{id}@example.com"),
        member,
    };
    GroupMembersPage {
        page: inside("Add members"),
        head: head(Tab::Groups, Health::Healthy),
        id: "019a".into(),
        name: "Design".into(),
        query: "mar".into(),
        rows: vec![
            candidate("mara.lindt", "Mara Lindt", true),
            candidate("marek", HOSTILE, false),
        ],
        paging: Paging {
            shown: "2 people".into(),
            ..Paging::default()
        },
        others: OTHERS.into(),
    }
}

fn adoption() -> AdoptionPage {
    let side = |name: &str, user_name: &str| SideRow {
        href: "/instances/atlassian-prod/users/019a".into(),
        name: name.into(),
        user_name: user_name.into(),
        email: "mara.lindt@example.com".into(),
    };
    let pair = |id, name: &str| PairRow {
        id,
        ours: side("Mara Lindt", "mara.lindt@example.com"),
        theirs: side(name, "mlindt"),
        why: "same work e-mail",
        at: when(4000),
    };
    let class = |label, hint| ClassRow {
        label,
        hint,
        people: "12".into(),
        groups: "3".into(),
    };
    AdoptionPage {
        page: inside("Adoption"),
        head: head(Tab::Overview, Health::Healthy),
        classes: vec![
            class("Matched", "On both sides, and linked."),
            class("Proposed", "The same work e-mail under two names."),
        ],
        proposed_count: "1".into(),
        proposed: vec![pair(1, HOSTILE)],
        ambiguous_count: "50 of 120".into(),
        ambiguous: vec![Choose {
            ours: side("Mara Lindt", "mara.lindt@example.com"),
            candidates: vec![pair(2, "Mara L."), pair(3, HOSTILE)],
            ids: "2,3".into(),
        }],
    }
}
