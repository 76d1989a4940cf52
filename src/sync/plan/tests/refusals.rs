//! Apps that are known to refuse something: it is not asked for, and access never stays because of it unsaid.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::model::Verb;

const EACH: [Verb; 5] = [
    Verb::Create,
    Verb::Update,
    Verb::Rename,
    Verb::Deactivate,
    Verb::Delete,
];

/// The step of a managed, active resource in an app that refuses these to its kind.
fn decide_where(
    kind: ResourceType,
    refused: &[Verb],
    policies: &Policies,
    link: Option<&Link>,
    change: impl Fn(&mut Situation<'_>),
) -> Action {
    let mut capabilities = Capabilities::default();
    for verb in refused {
        capabilities.note(kind, *verb, true);
    }
    let desired = match kind {
        ResourceType::User => print(&json!({ "userName": "a", "title": "T", "active": true })),
        ResourceType::Group => fingerprint(
            kind,
            json!({ "displayName": "g", "externalId": "x" })
                .as_object()
                .unwrap(),
        ),
    };
    let off = print(&json!({ "userName": "a", "title": "T", "active": false }));
    let mut s = Situation {
        scope: Scope::UsersAndGroups,
        policies,
        capabilities: &capabilities,
        kind,
        carried: Carried::In,
        managed: true,
        active: true,
        deleted: false,
        desired: &desired,
        cleared: &[],
        link,
        members: false,
        memberships: false,
        name_taken: false,
        undecided: false,
        blocked: false,
    };
    change(&mut s);
    if !s.active {
        return plan(&Situation { desired: &off, ..s });
    }
    plan(&s)
}

fn concede(paths: &[&str]) -> Action {
    Action::Concede(paths.iter().map(|p| (*p).to_owned()).collect())
}

fn there(seen: &serde_json::Value) -> Link {
    link(LinkState::Linked, &json!({}), seen)
}

#[test]
fn what_is_not_made_there_is_only_looked_for() {
    let policies = Policies::default();
    for kind in ResourceType::ALL {
        let step = |link, change: &dyn Fn(&mut Situation<'_>)| {
            decide_where(kind, &[Verb::Create], &policies, link, change)
        };
        assert_eq!(step(None, &|_| ()), Action::Resolve);
        assert!(matches!(step(None, &|s| s.name_taken = true), Action::Wait(_)));
        assert_eq!(step(None, &|s| s.deleted = true), Action::Forget);
        let gone = link(LinkState::Missing, &json!({ "title": "Old" }), &json!({}));
        assert!(matches!(step(Some(&gone), &|_| ()), Action::Nothing(_)));
    }
}

#[test]
fn a_name_that_cannot_be_changed_is_conceded_after_all_that_can() {
    let policies = Policies::default();
    let step = |refused: &[Verb], link: &Link| {
        decide_where(ResourceType::Group, refused, &policies, Some(link), |s| {
            s.members = true;
        })
    };
    let of = |name: &str, external: &str| {
        let print = fingerprint(
            ResourceType::Group,
            json!({ "displayName": name, "externalId": external })
                .as_object()
                .unwrap(),
        );
        Link {
            pushed: print.clone(),
            base: print.clone(),
            seen: print,
            ..there(&json!({}))
        }
    };
    assert_eq!(step(&[], &of("old", "x")), update(&["displayName"]));
    assert_eq!(step(&[Verb::Rename], &of("old", "y")), update(&["externalId"]));
    assert_eq!(step(&[Verb::Rename], &of("old", "x")), concede(&["displayName"]));
    assert_eq!(
        step(&[Verb::Update], &of("old", "y")),
        concede(&["displayName", "externalId"])
    );
    // Members are another matter.
    assert_eq!(step(&EACH, &of("g", "x")), Action::Members);
}

#[test]
fn access_ends_whatever_else_of_a_user_cannot_be_changed() {
    let policies = Policies::default();
    let on = there(&json!({ "userName": "a", "title": "Old", "active": true }));
    let step = |refused: &[Verb], active: bool| {
        decide_where(ResourceType::User, refused, &policies, Some(&on), |s| {
            s.active = active;
        })
    };
    assert_eq!(step(&[Verb::Update], false), Action::Deactivate);
    assert!(
        matches!(step(&[Verb::Deactivate], false), Action::Helpless(_)),
        "told, not forgotten"
    );
    // Somebody did it there, as they were told to.
    let mut done = on.clone();
    done.pushed = done.seen.clone();
    done.seen = there(&json!({ "userName": "a", "title": "Old", "active": false })).seen;
    let refused = [Verb::Update, Verb::Deactivate];
    let step = |link: &Link, deleted: bool| {
        decide_where(ResourceType::User, &refused, &policies, Some(link), |s| {
            (s.active, s.deleted) = (false, deleted);
        })
    };
    assert_eq!(step(&done, false), Action::Agree(vec!["active".into()]));
    assert_eq!(step(&done, true), Action::Detach);
    done.seen = done.pushed.clone();
    assert!(matches!(step(&done, true), Action::Helpless(_)));
    let back = there(&json!({ "userName": "a", "title": "T", "active": false }));
    let step = |refused: &[Verb]| decide_where(ResourceType::User, refused, &policies, Some(&back), |_| ());
    assert_eq!(step(&[Verb::Update]), update(&["active"]));
}

#[test]
fn who_cannot_be_deleted_is_switched_off() {
    let policies = leaver(Leaver::Delete);
    let on = in_step();
    let deleted = |s: &mut Situation<'_>| s.deleted = true;
    let out = |s: &mut Situation<'_>| s.carried = Carried::Out;
    let of = |refused: &[Verb], link: &Link, change: &dyn Fn(&mut Situation<'_>)| {
        decide_where(ResourceType::User, refused, &policies, Some(link), change)
    };
    assert_eq!(of(&[], &on, &deleted), Action::Delete);
    assert_eq!(of(&[Verb::Delete], &on, &deleted), Action::Deactivate);
    assert_eq!(of(&[Verb::Delete], &on, &out), Action::Deactivate);
    let off = json!({ "userName": "a", "active": false });
    let ended = link(LinkState::Linked, &off, &off);
    assert_eq!(of(&[Verb::Delete], &ended, &deleted), Action::Detach);
    // Neither way is there: a person has to, and until then it shows.
    let neither = [Verb::Delete, Verb::Deactivate];
    for change in [&deleted as &dyn Fn(&mut Situation<'_>), &out] {
        assert!(matches!(of(&neither, &on, change), Action::Helpless(_)));
    }
    // What waits for a person waits all the same.
    let held = |s: &mut Situation<'_>| (s.deleted, s.blocked) = (true, true);
    assert_eq!(of(&[Verb::Delete], &on, &held), Action::Blocked);
}

#[test]
fn a_group_that_cannot_be_deleted_is_left_there() {
    let on = in_step();
    for policy in [Leaver::Deactivate, Leaver::Delete, Leaver::Leave] {
        let step = decide_where(
            ResourceType::Group,
            &[Verb::Delete],
            &leaver(policy),
            Some(&on),
            |s| s.deleted = true,
        );
        assert_eq!(step, Action::Detach, "{policy:?}");
        let out = |s: &mut Situation<'_>| s.carried = Carried::Out;
        let step = decide_where(
            ResourceType::Group,
            &[Verb::Delete],
            &leaver(policy),
            Some(&on),
            out,
        );
        assert!(matches!(step, Action::Nothing(_)), "{policy:?}");
    }
}

#[test]
fn each_refusal_is_a_sentence() {
    let mut known = Capabilities::default();
    for kind in ResourceType::ALL {
        for verb in EACH {
            assert_eq!(refusal(&known, kind, verb), None);
            known.note(kind, verb, true);
            assert!(
                refusal(&known, kind, verb).unwrap().ends_with('.'),
                "{kind:?} {verb:?}"
            );
        }
    }
}
