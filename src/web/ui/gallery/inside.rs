//! The pages of an instance.

use super::onward::{attributes, capabilities, mapping, preview};
use super::people::{group, groups, people, person};
use super::requests::{habits, request, requests, requests_none};
use super::sample::{HOSTILE, NOW, ago, beats, events, head, inside, when};
use super::{Shown, shown};
use crate::model::{Access, Health, UserWrites};
use crate::web::ui::access::AccessForm;
use crate::web::ui::activity::ActivityPage;
use crate::web::ui::carries::user_writes;
use crate::web::ui::held::{HeldPage, HeldRow, OriginRow};
use crate::web::ui::instance::{Fact, HeldBanner, InstancePage, KeyUse, Progress, Tab};
use crate::web::ui::keys::{KeyRow, KeysPage};
use crate::web::ui::page::{Flash, Live, Theme};
use crate::web::ui::parts::{Badge, Choice, Paging, Refusals, Tone, When};
use crate::web::ui::people::PeoplePage;
use crate::web::ui::reveal::RevealPage;
use crate::web::ui::rotate::RotatePage;
use crate::web::ui::runs::{RunRow, RunsPage, TroubleRow};
use crate::web::ui::settings::{LimitRow, SettingsPage};

pub(super) const ENDPOINT: &str = "https://hub.example.com/scim/atlassian-prod/v2";
const KEY: &str = "rc_7Hq2mVb0Xk4TzR9wYc1LsN6dPf8GjE3aUo5ViQnKeBtW2xMpZrS";

pub(super) fn pages() -> Vec<Shown> {
    let mut dark = instance();
    dark.page.theme = Theme::Dark;
    let empty = PeoplePage {
        rows: vec![],
        narrowed: true,
        ..people()
    };
    let reveal = RevealPage {
        page: inside("New key"),
        head: head(Tab::Keys, Health::Healthy),
        name: HOSTILE.into(),
        key: Some(crate::secret::Secret::new(KEY.into())),
        endpoint: ENDPOINT.into(),
        old: "The old key rc_3kQz… goes on working until tomorrow 14:32.".into(),
    };
    let rotate = RotatePage {
        page: inside("Rotate"),
        head: head(Tab::Keys, Health::Healthy),
        key: keys_rows().remove(0),
        ends: Choice::list(
            &[
                ("now", "Now", "Requests with it are refused at once."),
                ("1h", "In 1 hour", ""),
                (
                    "24h",
                    "In 24 hours",
                    "Time enough to change it in the identity provider.",
                ),
                ("7d", "In 7 days", ""),
            ],
            "24h",
        ),
        once: "AAAA-BBBB".into(),
    };
    vec![
        shown("instance", &instance()),
        shown("instance-dark", &dark),
        shown("instance-running", &running()),
        shown("keys", &keys()),
        shown("key-rotate", &rotate),
        shown("key-reveal", &reveal),
        shown("people", &people()),
        shown("people-none", &empty),
        shown("person", &person()),
        shown("groups", &groups()),
        shown("group", &group()),
        shown("requests", &requests()),
        shown("requests-none", &requests_none()),
        shown("request", &request()),
        shown("activity", &activity()),
        shown("held", &held()),
        shown("runs", &runs()),
        shown("settings", &settings()),
        shown("mapping", &mapping()),
        shown("attributes", &attributes()),
        shown("capabilities", &capabilities()),
    ]
}

fn key_use() -> KeyUse {
    KeyUse {
        prefix: "rc_7Hq2".into(),
        at: when(40),
        agent: "Okta SCIM Client".into(),
        from: "203.0.113.7".into(),
    }
}

fn fact(label: &'static str, value: &str) -> Fact {
    Fact {
        label,
        value: value.into(),
        mono: false,
        when: None,
    }
}

fn origin(is_sync: bool) -> OriginRow {
    let text = if is_sync {
        "2 come from the sync of 14:10".into()
    } else {
        format!("140 come from changes by {HOSTILE} since 14:05")
    };
    OriginRow { text, is_sync }
}

fn instance() -> InstancePage {
    let held = HeldBanner {
        what: "142 of 1,204 people would be deactivated".into(),
        why: "The limit is 120 in an hour (10 %). Everything else goes on.".into(),
        origins: vec![origin(false)],
        count: 142,
        up_to: 977,
    };
    let mut page = inside("atlassian-prod");
    page.crumbs.truncate(1);
    InstancePage {
        page,
        head: head(Tab::Overview, Health::Held),
        held: Some(held),
        undecided: "3 pairs wait for a decision".into(),
        reason: "142 people would be deactivated. Allow or reject.".into(),
        since: Some(When::clock(ago(844), NOW)),
        next_try: None,
        progress: None,
        last_run: "The last sync read 1,204 people, 32 groups in 14 s.".into(),
        beats: beats(
            &[
                (
                    64_000,
                    62_000,
                    Health::Degraded,
                    "1 person rejected: 409, the name is taken",
                ),
                (8400, 0, Health::Held, "142 people would be deactivated"),
            ],
            900_000,
        ),
        events: events(),
        endpoint: ENDPOINT.into(),
        habits: habits(),
        last_key: Some(key_use()),
        keys: 2,
        rejected: 2,
        detail: "The token was revoked".into(),
        facts: vec![
            Fact {
                mono: true,
                ..fact("App URL", "https://api.atlassian.com/scim/directory/6f2c")
            },
            Fact {
                when: Some(when(41 * 86_400)),
                ..fact("Token", "set")
            },
            fact("People", "1,204 · 1,201 linked"),
            fact("Groups", "38"),
            fact("Pending", "0 · 1 rejected"),
            Fact {
                when: Some(when(840)),
                ..fact("Last sync", "")
            },
            Fact {
                when: Some(When::clock(ago(-1673), NOW)),
                ..fact("Next sync", "")
            },
            fact("The app can", "PATCH, filter, groups; 100 a page"),
        ],
    }
}

fn running() -> InstancePage {
    let mut page = instance();
    page.page.live = Live::Running;
    page.page.flash = Some(Flash {
        good: true,
        text: "Connected. The first sync runs.".into(),
    });
    page.head.badge = Health::Connecting.into();
    page.head.running = true;
    page.held = None;
    page.reason = "The first sync is running; what is pushed meanwhile waits for its end.".into();
    page.progress = Some(Progress {
        text: "140 of about 310 people".into(),
        done: 140,
        total: Some(310),
        started: when(12),
    });
    page.events = vec![];
    page.beats = beats(&[(12, 0, Health::Connecting, "First sync")], 12);
    page.keys = 0;
    page.last_key = None;
    page
}

fn keys_rows() -> Vec<KeyRow> {
    let key = |id, name: &str, prefix: &str, badge, live| KeyRow {
        id,
        name: name.into(),
        prefix: prefix.into(),
        created: when(3600 * 24 * 3),
        created_by: "admin@example.com".into(),
        last_use: None,
        ends: None,
        badge,
        live,
    };
    vec![
        KeyRow {
            last_use: Some(key_use()),
            ..key(
                1,
                "Okta production",
                "rc_7Hq2",
                Badge::new(Tone::Ok, "Live"),
                true,
            )
        },
        KeyRow {
            ends: Some(when(-80_000)),
            last_use: Some(KeyUse {
                at: when(7400),
                prefix: "rc_3kQz".into(),
                ..key_use()
            }),
            ..key(
                2,
                "Okta production, old",
                "rc_3kQz",
                Badge::new(Tone::Warn, "Ends soon"),
                true,
            )
        },
        key(3, HOSTILE, "rc_0aZx", Badge::new(Tone::Off, "Revoked"), false),
    ]
}

fn keys() -> KeysPage {
    KeysPage {
        page: inside("Keys"),
        head: head(Tab::Keys, Health::Healthy),
        endpoint: ENDPOINT.into(),
        keys: keys_rows(),
        name: String::new(),
        lifetimes: Choice::list(
            &[
                ("never", "Never", ""),
                ("30d", "In 30 days", ""),
                ("90d", "In 90 days", ""),
                ("365d", "In a year", ""),
            ],
            "never",
        ),
        refused: Refusals::default(),
        once: "AAAA-BBBB".into(),
    }
}

fn activity() -> ActivityPage {
    let mut events = events();
    for e in &mut events {
        e.at.text = format!("21 Nov {}", e.at.text);
    }
    ActivityPage {
        page: inside("Activity"),
        head: head(Tab::Activity, Health::Healthy),
        query: HOSTILE.into(),
        outcomes: Choice::list(
            &[
                ("", "Everything", ""),
                ("rejected", "Rejected", ""),
                ("held", "Held", ""),
            ],
            "",
        ),
        narrowed: true,
        events,
        paging: Paging {
            shown: "Newest 50".into(),
            previous: None,
            next: Some("?before=1".into()),
        },
    }
}

fn held() -> HeldPage {
    let row = |id, label: &str| HeldRow {
        id,
        label: label.into(),
        href: Some("/instances/atlassian-prod/users/1".into()),
        class: "Account".into(),
        reason: "Deactivated by Okta".into(),
        at: When::clock(ago(844), NOW),
    };
    HeldPage {
        page: inside("Held removals"),
        head: head(Tab::Overview, Health::Held),
        what: "142 of 1,204 people would be deactivated in Atlassian Cloud.".into(),
        why: "The limit is 120 in an hour (10 %). Everything else goes on.".into(),
        origins: vec![origin(false), origin(true)],
        count: 142,
        up_to: 977,
        rows: vec![
            row(1, "mara.lindt@example.com"),
            row(2, "t.okafor@example.com"),
            row(3, HOSTILE),
        ],
        paging: Paging {
            shown: "1–50 of 142".into(),
            previous: None,
            next: Some("?page=2".into()),
        },
    }
}

fn runs() -> RunsPage {
    let row = |badge, error: &str, broken: &str| RunRow {
        started: When::clock(ago(3600), NOW),
        took: "14 s".into(),
        badge,
        error: error.into(),
        broke_off: String::new(),
        read: "1,204 people, 32 groups".into(),
        rate: "88 a second".into(),
        created: "3".into(),
        changed: "12".into(),
        unseen: "0".into(),
        broken: broken.into(),
        troubles: Vec::new(),
    };
    let troubles = vec![TroubleRow {
        who: HOSTILE.into(),
        why: "It has no id".into(),
    }];
    let mut page = inside("Syncs");
    page.live = Live::Running;
    RunsPage {
        page,
        head: head(Tab::Overview, Health::Healthy),
        progress: Some(Progress {
            text: "Sync: 140 of about 310 people".into(),
            done: 140,
            total: Some(310),
            started: when(12),
        }),
        rate: "12 a second".into(),
        rows: vec![
            row(Badge::new(Tone::Info, "Reading people"), "", "0"),
            RunRow {
                troubles,
                ..row(Badge::new(Tone::Ok, "Done"), "", "1")
            },
            RunRow {
                broke_off: "api.example.com answered 503. It goes on where it stopped, by itself".into(),
                ..row(Badge::new(Tone::Warn, "Interrupted"), "", "0")
            },
            RunRow {
                broke_off: "Broke off 3 times and went on; first: api.example.com answered 503".into(),
                ..row(Badge::new(Tone::Ok, "Done"), "", "0")
            },
            row(Badge::new(Tone::Off, "Cancelled"), "", "0"),
            row(
                Badge::new(Tone::Bad, "Failed"),
                "api.example.com answered 503",
                "0",
            ),
        ],
    }
}

fn settings() -> SettingsPage {
    let limit = |field, label, floor: &str, percent: &str| LimitRow {
        field,
        label,
        floor: floor.into(),
        percent: percent.into(),
    };
    SettingsPage {
        page: inside("Settings"),
        head: head(Tab::Settings, Health::Healthy),
        name: HOSTILE.into(),
        base_url: "https://api.atlassian.com/scim/directory/6f2c".into(),
        cut: String::new(),
        access: AccessForm::stored(&Access::default()),
        token_set: Some(when(41 * 86_400)),
        token_ends: "2027-01-31".into(),
        schedules: Choice::list(
            &[
                ("900", "Every 15 minutes", ""),
                ("3600", "Every hour", ""),
                ("21600", "Every 6 hours", ""),
                ("86400", "Every day", ""),
            ],
            "3600",
        ),
        drift_of: HOSTILE.into(),
        asked: Some(preview()),
        user_writes: user_writes(UserWrites::Acknowledge),
        protected: "admin@example.com".into(),
        own_known: false,
        leavers: Choice::list(
            &[
                (
                    "deactivate",
                    "Deactivate the account",
                    "It stays, without access.",
                ),
                (
                    "delete",
                    "Delete the account",
                    "What belonged to it may go with it.",
                ),
                (
                    "leave",
                    "Leave it alone",
                    "Nothing is sent; it is shown as left behind.",
                ),
            ],
            "deactivate",
        ),
        drifts: Choice::list(
            &[
                (
                    "report",
                    "Say so",
                    "Both values stay and the person's page shows them.",
                ),
                ("enforce", "Send ours again", "The value here wins."),
                ("adopt", "Take theirs", "The value in the app wins."),
            ],
            "report",
        ),
        limits: vec![
            limit("accounts", "Accounts", "5", "10"),
            limit("groups", "Groups", "5", "10"),
            limit("memberships", "Memberships", "50", "20"),
        ],
        refused: Refusals::default(),
        problem: None,
        other_directory: true,
    }
}
