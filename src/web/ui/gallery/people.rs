//! The people and groups of an instance.

use super::sample::{HOSTILE, event, events, head, inside, when};
use crate::model::{Health, Outcome};
use crate::web::ui::group::{GroupPage, MemberRow};
use crate::web::ui::groups::{GroupRow, GroupsPage};
use crate::web::ui::instance::Tab;
use crate::web::ui::parts::{Badge, Choice, Paging, Tone};
use crate::web::ui::people::{PeoplePage, PersonRow};
use crate::web::ui::person::{AttributeRow, GroupRef, PersonPage, TargetSide, There};
use crate::web::ui::values::AttributePath;

const IN_STEP: Badge = Badge::new(Tone::Ok, "In step");
const ACTIVE: Badge = Badge::new(Tone::Ok, "Active");

pub(super) fn people() -> PeoplePage {
    let row = |name: &str, user_name: &str, access, state, reason: &str| PersonRow {
        id: "019a".into(),
        name: name.into(),
        user_name: user_name.into(),
        access,
        state: Some(state),
        reason: reason.into(),
        groups: "3".into(),
        changed: when(4000),
    };
    PeoplePage {
        page: inside("People"),
        head: head(Tab::People, Health::Degraded),
        query: String::new(),
        states: Choice::list(
            &[
                ("", "Everybody", ""),
                ("active", "Active", ""),
                ("inactive", "Inactive", ""),
                ("rejected", "Rejected", ""),
                ("pending", "Waiting", ""),
            ],
            "",
        ),
        narrowed: false,
        rows: vec![
            row(
                "Jorge Ruiz",
                "j.ruiz@example.com",
                ACTIVE,
                Badge::new(Tone::Bad, "Rejected"),
                "409: the name is taken by another account",
            ),
            row(
                "Petra Haas",
                "p.haas@example.com",
                ACTIVE,
                Badge::new(Tone::Info, "Waiting"),
                "",
            ),
            row("Mara Lindt", "mara.lindt@example.com", ACTIVE, IN_STEP, ""),
            row(
                HOSTILE,
                "t.okafor@example.com",
                Badge::new(Tone::Off, "Inactive"),
                Badge::new(Tone::Held, "Held"),
                "",
            ),
            row(
                "Ada Boateng",
                "ada.boateng@example.com",
                Badge::new(Tone::Off, "Inactive"),
                Badge::new(Tone::Off, "Left behind"),
                "",
            ),
        ],
        paging: Paging {
            shown: "1–50 of 1,204 people".into(),
            previous: None,
            next: Some("?page=2".into()),
        },
    }
}

fn attribute(path: &str, value: &str, owned: bool) -> AttributeRow {
    AttributeRow {
        path: AttributePath(path.into()),
        value: value.into(),
        owned,
        there: There::default(),
    }
}

fn target() -> TargetSide {
    TargetSide {
        badge: Badge::new(Tone::Bad, "Rejected"),
        reason: "api.atlassian.com answered 409: the userName is taken by another account. Rename or remove that one, then try again.".into(),
        remote_id: None,
        next_try: None,
        may_retry: true,
        mend: None,
    }
}

pub(super) fn person() -> PersonPage {
    PersonPage {
        page: inside("Jorge Ruiz"),
        head: head(Tab::People, Health::Degraded),
        id: "019a7b6e-2f1c-7c44-9d1e-3b5a6c7d8e9f".into(),
        name: "Jorge Ruiz".into(),
        user_name: "j.ruiz@example.com".into(),
        access: ACTIVE,
        active: true,
        version: 7,
        protected: true,
        managed: true,
        attributes: vec![
            attribute("userName", "j.ruiz@example.com", true),
            attribute("name.givenName", "Jorge", true),
            attribute("name.familyName", "Ruiz", true),
            attribute("emails[type eq \"work\"].value", "j.ruiz@example.com", true),
            AttributeRow {
                there: There {
                    value: "Engineer".into(),
                    note: "changed in the app",
                    differs: true,
                },
                ..attribute("title", "Lead engineer", true)
            },
            attribute("nickName", HOSTILE, false),
            attribute(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "Platform",
                true,
            ),
            attribute("timezone", "Europe/Madrid", false),
        ],
        groups: vec![
            GroupRef {
                id: "1".into(),
                name: "Design".into(),
                note: String::new(),
            },
            GroupRef {
                id: "2".into(),
                name: "All staff".into(),
                note: "not yet in the app".into(),
            },
        ],
        target: Some(target()),
        events: events(),
        changed: when(844),
    }
}

pub(super) fn groups() -> GroupsPage {
    let row = |name: &str, members: &str, state| GroupRow {
        id: "1".into(),
        name: name.into(),
        members: members.into(),
        state: Some(state),
        reason: String::new(),
        changed: when(90_000),
    };
    GroupsPage {
        page: inside("Groups"),
        head: head(Tab::Groups, Health::Healthy),
        query: String::new(),
        rows: vec![
            row("All staff", "1,180", IN_STEP),
            row("Design", "14", Badge::new(Tone::Info, "Waiting")),
            row(HOSTILE, "0", IN_STEP),
        ],
        paging: Paging {
            shown: "1–38 of 38 groups".into(),
            ..Paging::default()
        },
    }
}

pub(super) fn group() -> GroupPage {
    let member = |name: &str, sub: &str, state| MemberRow {
        id: sub.into(),
        href: Some("/instances/atlassian-prod/users/1".into()),
        name: name.into(),
        sub: sub.into(),
        state: Some(state),
    };
    GroupPage {
        page: inside("Design"),
        head: head(Tab::Groups, Health::Healthy),
        id: "019a7b6e-2f1c-7c44-9d1e-3b5a6c7d8e9f".into(),
        name: "Design".into(),
        count: "14 members".into(),
        query: String::new(),
        members: vec![
            member("Mara Lindt", "mara.lindt@example.com", IN_STEP),
            member(
                "Jorge Ruiz",
                "j.ruiz@example.com",
                Badge::new(Tone::Warn, "No account there"),
            ),
            MemberRow {
                href: None,
                ..member(HOSTILE, "Group", Badge::new(Tone::Off, "Not sent"))
            },
        ],
        apart: "1 member has no account in Atlassian Cloud: Jorge Ruiz.".into(),
        paging: Paging {
            shown: "1–14 of 14 members".into(),
            ..Paging::default()
        },
        attributes: vec![
            attribute("displayName", "Design", true),
            attribute("externalId", "00g1a2b3", true),
        ],
        target: Some(TargetSide {
            badge: IN_STEP,
            reason: String::new(),
            remote_id: Some("6f2c-0017".into()),
            may_retry: false,
            mend: None,
            next_try: None,
        }),
        events: vec![event(
            60,
            Outcome::Done,
            "",
            "mara.lindt@example.com joined",
            "Okta → Atlassian",
        )],
        changed: when(60),
    }
}
