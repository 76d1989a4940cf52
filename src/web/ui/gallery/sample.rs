//! Sample chrome, headers and log lines for the gallery.

use crate::model::{Health, Outcome, Role, Scope, Time};
use crate::web::ui::beats::{Beats, Span};
use crate::web::ui::instance::{Head, Tab};
use crate::web::ui::page::{Crumb, Here, Live, Nav, NavInstance, Page, Signed, Theme};
use crate::web::ui::parts::{ChangeRow, EventRow, When};
use crate::web::ui::values::AttributePath;

/// 2026-11-21 14:32:07 UTC.
pub(super) const NOW: Time = Time(1_795_271_527_000);
pub(super) const HOSTILE: &str = "<script>alert(1)</script>";

pub(super) fn ago(seconds: i64) -> Time {
    Time(NOW.0 - seconds * 1000)
}

pub(super) fn when(seconds: i64) -> When {
    When::relative(ago(seconds), NOW)
}

/// Chrome before sign-in.
pub(super) fn outside(title: &str) -> Page {
    Page {
        title: title.into(),
        nav: None,
        admin: None,
        csrf: "csrf-token".into(),
        flash: None,
        theme: Theme::System,
        path: "/".into(),
        crumbs: vec![],
        now: When::formatted(NOW, "%H:%M"),
        live: Live::Still,
    }
}

/// Chrome of a signed-in owner.
pub(super) fn page(title: &str, here: Here, crumbs: &[(&str, &str)]) -> Page {
    let instances = [
        ("atlassian-prod", Health::Held),
        ("github-eng", Health::Failing),
        ("slack", Health::Degraded),
        ("buildkite", Health::Connecting),
        ("figma-prod", Health::Healthy),
        ("crm-directory", Health::Healthy),
        ("docusign-sandbox", Health::Disabled),
    ];
    Page {
        nav: Some(Nav {
            here,
            instances: instances
                .map(|(n, health)| NavInstance {
                    slug: n.into(),
                    name: n.into(),
                    health,
                })
                .into(),
            more: 0,
        }),
        admin: Some(Signed {
            email: "admin@example.com".into(),
            role: Role::Owner,
        }),
        crumbs: crumbs
            .iter()
            .map(|&(label, href)| Crumb {
                label: label.into(),
                href: href.into(),
            })
            .collect(),
        ..outside(title)
    }
}

/// Chrome of a page of `atlassian-prod`.
pub(super) fn inside(title: &str) -> Page {
    page(
        title,
        Here::Instance("atlassian-prod".into()),
        &[("Overview", "/"), ("atlassian-prod", "/instances/atlassian-prod")],
    )
}

pub(super) fn head(tab: Tab, health: Health) -> Head {
    Head {
        slug: "atlassian-prod".into(),
        name: "atlassian-prod".into(),
        mark: "At".into(),
        app: "Atlassian Cloud".into(),
        kind: "Atlassian Cloud · SCIM · users and groups".into(),
        badge: health.into(),
        has_target: true,
        scope: Scope::UsersAndGroups,
        enabled: true,
        paused: false,
        running: false,
        tab,
    }
}

/// A day with the given states, each (from, to) in seconds ago; to 0: still.
pub(super) fn beats(spans: &[(i64, i64, Health, &str)], age: i64) -> Beats {
    let spans: Vec<Span> = spans
        .iter()
        .map(|&(from, to, health, reason)| Span {
            from: ago(from),
            until: (to > 0).then(|| ago(to)),
            health,
            reason: reason.into(),
        })
        .collect();
    Beats::new(&spans, ago(age), NOW)
}

pub(super) fn event(seconds: i64, outcome: Outcome, subject: &str, text: &str, actor: &str) -> EventRow {
    EventRow {
        lead: "",
        at: When::formatted(ago(seconds), "%H:%M:%S"),
        outcome,
        subject: subject.into(),
        href: (!subject.is_empty()).then(|| "/instances/atlassian-prod/users/1".into()),
        text: text.into(),
        actor: actor.into(),
        changes: vec![],
    }
}

pub(super) fn events() -> Vec<EventRow> {
    vec![
        event(
            60,
            Outcome::Done,
            "mara.lindt@example.com",
            "joined group Design",
            "Okta → Atlassian",
        ),
        event(
            75,
            Outcome::Done,
            "t.okafor@example.com",
            "created, linked to an account that was there",
            "Okta → Atlassian",
        ),
        event(147, Outcome::Held, "141 more", "would be deactivated", "held"),
        event(
            844,
            Outcome::Rejected,
            "j.ruiz@example.com",
            "was not created: 409, the name is taken by another account",
            "rejected",
        ),
        EventRow {
            lead: "",
            changes: vec![
                ChangeRow {
                    sent: false,
                    path: AttributePath("title".into()),
                    before: "Engineer".into(),
                    after: "Lead engineer".into(),
                },
                ChangeRow {
                    sent: false,
                    path: AttributePath("nickName".into()),
                    before: String::new(),
                    after: HOSTILE.into(),
                },
            ],
            ..event(1160, Outcome::Done, HOSTILE, "changed", "Okta → Atlassian")
        },
        event(
            1500,
            Outcome::Retried,
            "p.haas@example.com",
            "not sent: 503, next try 14:33",
            "Rollcall",
        ),
        event(
            1796,
            Outcome::Done,
            "",
            "Sync: 1,204 people, 38 groups read, nothing to do",
            "6.2 s",
        ),
    ]
}
