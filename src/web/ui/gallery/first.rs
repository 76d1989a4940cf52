//! The pages outside an instance.

use super::sample::{HOSTILE, NOW, ago, beats, outside, page, when};
use super::{Shown, shown};
use crate::model::{Access, Auth, Header, Health, UserWrites};
use crate::web::ui::access::AccessForm;
use crate::web::ui::carries::user_writes;
use crate::web::ui::catalog::{RECEIVE_ONLY, catalog_page};
use crate::web::ui::confirm::ConfirmPage;
use crate::web::ui::connect::{self, ConnectPage};
use crate::web::ui::fail::Fail;
use crate::web::ui::failure::FailurePage;
use crate::web::ui::login::LoginPage;
use crate::web::ui::overview::{InstanceRow, OverviewPage, Stat};
use crate::web::ui::page::{Flash, Here, Theme};
use crate::web::ui::parts::{Choice, Refusals, When};
use crate::web::ui::setup::SetupPage;
use crate::web::ui::words;

pub(super) fn pages() -> Vec<Shown> {
    let mut refused = Refusals::default();
    refused.add("code", "This is not the code.");
    refused.add("password", "The password needs at least 10 characters.");
    let setup = SetupPage {
        page: outside("Set up"),
        email: HOSTILE.into(),
        refused,
        problem: None,
        open: true,
        code_place: "Printed in the terminal where Rollcall was started.".into(),
    };
    let login = LoginPage {
        page: outside("Sign in"),
        email: "admin@example.com".into(),
        problem: Some("E-mail or password is wrong.".into()),
        next: String::new(),
        open: true,
    };
    let mut empty = overview();
    empty.rows.clear();
    empty.summary = "Welcome. Start with the app whose people you want to see.".into();
    let mut dark = overview();
    dark.page.theme = Theme::Dark;
    dark.page.flash = Some(Flash {
        good: true,
        text: "figma-prod is connected. The first sync runs.".into(),
    });
    let searched = |query: &str| {
        let page = page("Catalog", Here::Catalog, &[]);
        catalog_page(page, query.into(), &["figma".into()])
    };
    let confirm = ConfirmPage {
        page: page(
            "Delete",
            Here::Instance("atlassian-prod".into()),
            &[("Overview", "/"), ("atlassian-prod", "/instances/atlassian-prod")],
        ),
        question: "Delete atlassian-prod?".into(),
        consequences: vec![
            "1,204 people, 38 groups and their history are removed from Rollcall.".into(),
            "2 keys stop working at once: Okta can no longer push here.".into(),
            "Nothing is changed in Atlassian Cloud: all accounts stay as they are.".into(),
        ],
        action: "/instances/atlassian-prod/delete".into(),
        typed: Some("atlassian-prod".into()),
        refused: Some("That is not the name.".into()),
        button: "Delete the instance".into(),
        back: "/instances/atlassian-prod/settings".into(),
    };
    let signed_in = || page("", Here::Elsewhere, &[("Overview", "/")]);
    vec![
        shown("setup", &setup),
        shown("login", &login),
        shown("overview", &overview()),
        shown("overview-dark", &dark),
        shown("overview-empty", &empty),
        shown("catalog", &searched("")),
        shown("catalog-found", &searched("github")),
        shown("catalog-none", &searched(HOSTILE)),
        shown("connect", &connect("atlassian-cloud", false)),
        shown("connect-failed", &connect("pagerduty", true)),
        shown("connect-not-yet", &connect("zoom", false)),
        shown("connect-generic", &connect("generic-scim", false)),
        shown("connect-receive", &connect(RECEIVE_ONLY, false)),
        shown("delete", &confirm),
        shown(
            "error-404",
            &FailurePage::of(signed_in(), &Fail::NotFound, "7f3a90c2".into()),
        ),
        shown(
            "error-403",
            &FailurePage::of(signed_in(), &Fail::Foreign, "7f3a90c2".into()),
        ),
        shown(
            "error-500",
            &FailurePage::of(outside(""), &Fail::Panic, "7f3a90c2".into()),
        ),
    ]
}

fn overview() -> OverviewPage {
    let row =
        |name: &str, kind: &str, health: Health, reason: &str, numbers: [&str; 3], sync: i64| InstanceRow {
            slug: name.into(),
            name: name.into(),
            mark: words::mark(name),
            kind: kind.into(),
            badge: health.into(),
            reason: reason.into(),
            undecided: "3 pairs wait for a decision".into(),
            beats: beats(&[], 900_000),
            people: numbers[0].into(),
            groups: numbers[1].into(),
            pending: numbers[2].into(),
            rejected: String::new(),
            sync_word: String::new(),
            last_sync: Some(when(sync)),
            next_sync: Some(When::clock(ago(-1673), NOW)),
        };
    let mut rows = vec![
        row(
            "atlassian-prod",
            "Atlassian Cloud · SCIM",
            Health::Held,
            "142 people would be deactivated. Allow or reject.",
            ["1,204", "38", "0"],
            840,
        ),
        row(
            "github-eng",
            "GitHub · SCIM · groups",
            Health::Failing,
            "api.github.com answered 401 since 13:58. Next try 14:36.",
            ["–", "17", "6"],
            2040,
        ),
        row(
            "slack",
            "Slack · SCIM",
            Health::Degraded,
            "2 of 911 people rejected by the app.",
            ["911", "24", "2"],
            180,
        ),
        row(
            "buildkite",
            "Generic SCIM 2.0",
            Health::Connecting,
            "First sync: 140 of about 310 people.",
            ["140", "0", "0"],
            1,
        ),
        row(
            "figma-prod",
            "Figma · SCIM",
            Health::Healthy,
            "",
            ["388", "12", "0"],
            480,
        ),
        row(
            HOSTILE,
            "Receives only",
            Health::Healthy,
            "",
            ["1,231", "41", "0"],
            120,
        ),
    ];
    rows[0].beats = beats(
        &[
            (70_000, 68_000, Health::Degraded, ""),
            (5000, 0, Health::Held, ""),
        ],
        900_000,
    );
    rows[1].beats = beats(
        &[(9000, 4200, Health::Degraded, ""), (4100, 0, Health::Failing, "")],
        900_000,
    );
    rows[2].beats = beats(&[(1000, 0, Health::Degraded, "")], 900_000);
    rows[2].rejected = "2 rejected".into();
    rows[3].beats = beats(&[(60, 0, Health::Connecting, "")], 60);
    rows[3].sync_word = "running".into();
    rows[3].last_sync = None;
    rows[3].next_sync = None;
    rows[5].sync_word = "last push".into();
    rows[5].next_sync = None;
    let stat = |number: &str, aside: &str, label| Stat {
        number: number.into(),
        aside: aside.into(),
        label,
    };
    OverviewPage {
        page: page("Overview", Here::Overview, &[]),
        summary: "Two instances need you. Four are fine.".into(),
        stats: vec![
            stat("4", "of 6", "instances in order"),
            stat("8", "", "changes pending"),
            stat("2", "", "people rejected"),
            stat("3,214", "", "changes in 24 h"),
        ],
        rows,
    }
}

fn scopes() -> Vec<Choice> {
    Choice::list(
        &[
            (
                "users-and-groups",
                "Users and groups",
                "Accounts, groups and who is in them.",
            ),
            ("users", "Users only", "Groups are left alone."),
            (
                "groups",
                "Groups only",
                "People must have an account in the app already.",
            ),
        ],
        "users-and-groups",
    )
}

/// Nothing special, or everything.
fn access(special: bool) -> Access {
    if !special {
        return Access::default();
    }
    Access {
        auth: Auth::OAuth {
            token_url: "https://login.example.com/oauth/token".into(),
            client_id: HOSTILE.into(),
            scope: Some("scim".into()),
        },
        headers: vec![Header {
            name: "X-Organization".into(),
            value: HOSTILE.into(),
        }],
    }
}

fn connect(app: &str, failed: bool) -> ConnectPage {
    let mut refused = Refusals::default();
    if failed {
        refused.add("token", "The token was refused: api.example.com answered 401.");
    }
    let Ok(app) = connect::form(app) else {
        panic!("{app} is not in the catalog")
    };
    let typed = |text: &str| if failed { text.to_owned() } else { String::new() };
    ConnectPage {
        page: page(
            &format!("Connect {}", app.name),
            Here::Catalog,
            &[("Catalog", "/catalog")],
        ),
        app,
        name: typed(HOSTILE),
        base_url: typed("https://api.example.com/scim/6f2c"),
        cut: typed("/Users was removed from the end: it is added by itself."),
        access: AccessForm::stored(&access(failed)),
        token_ends: String::new(),
        scopes: scopes(),
        user_writes: user_writes(UserWrites::Acknowledge),
        refused,
        problem: None,
    }
}
