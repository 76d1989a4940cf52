//! The table of decisions.

mod refusals;

use serde_json::json;

use super::*;
use crate::mapping::fingerprint;
use crate::model::InstanceId;

fn print(value: &serde_json::Value) -> Fingerprint {
    value
        .as_object()
        .map(|object| fingerprint(ResourceType::User, object))
        .unwrap_or_default()
}

fn link(state: LinkState, pushed: &serde_json::Value, seen: &serde_json::Value) -> Link {
    Link {
        id: 1,
        instance: InstanceId(1),
        kind: ResourceType::User,
        resource: Some(1),
        remote_id: Some("r".into()),
        state,
        external_id: None,
        name_key: None,
        pushed: print(pushed),
        base: print(seen),
        seen: print(seen),
        seen_active: true,
        ended_by_us: false,
        rev: 1,
        written_seq: 0,
        seen_run: 0,
    }
}

/// A managed, active user `a` without a link; `change` makes it another case.
fn decide(link: Option<&Link>, change: impl Fn(&mut Situation<'_>)) -> Action {
    decide_under(&Policies::default(), link, change)
}

fn decide_under(policies: &Policies, link: Option<&Link>, change: impl Fn(&mut Situation<'_>)) -> Action {
    let capabilities = Capabilities::default();
    let (on, off) = (
        print(&json!({ "userName": "a", "active": true })),
        print(&json!({ "userName": "a", "active": false })),
    );
    let mut s = Situation {
        scope: Scope::UsersAndGroups,
        policies,
        capabilities: &capabilities,
        kind: ResourceType::User,
        carried: Carried::In,
        managed: true,
        active: true,
        deleted: false,
        desired: &on,
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

fn leaver(leaver: Leaver) -> Policies {
    Policies {
        leaver,
        ..Policies::default()
    }
}

fn in_step() -> Link {
    let both = json!({ "userName": "a", "active": true });
    link(LinkState::Linked, &both, &both)
}

fn update(paths: &[&str]) -> Action {
    Action::Update(paths.iter().map(|p| (*p).to_owned()).collect())
}

#[test]
fn without_a_link() {
    assert_eq!(decide(None, |_| ()), Action::Create);
    assert_eq!(decide(None, |s| s.active = false), Action::Create);
    assert!(matches!(decide(None, |s| s.managed = false), Action::Nothing(_)));
    assert!(matches!(decide(None, |s| s.name_taken = true), Action::Wait(_)));
    assert!(matches!(decide(None, |s| s.undecided = true), Action::Wait(_)));
    assert_eq!(decide(None, |s| s.deleted = true), Action::Forget);
    assert_eq!(decide(None, |s| s.scope = Scope::Groups), Action::Resolve);
}

#[test]
fn a_create_that_may_have_happened_is_looked_for_first() {
    for state in [LinkState::Creating, LinkState::Ambiguous] {
        let unsure = link(state, &json!({}), &json!({}));
        assert_eq!(decide(Some(&unsure), |_| ()), Action::Resolve);
        assert_eq!(decide(Some(&unsure), |s| s.deleted = true), Action::Resolve);
        assert_eq!(decide(Some(&unsure), |s| s.active = false), Action::Resolve);
    }
}

#[test]
fn in_step_is_nothing_to_do() {
    assert!(matches!(decide(Some(&in_step()), |_| ()), Action::Nothing(_)));
    assert!(decide(Some(&in_step()), |_| ()).is_idle());
}

#[test]
fn what_differs_is_sent_and_nothing_else() {
    let renamed = link(
        LinkState::Linked,
        &json!({ "userName": "b", "active": true, "title": "T" }),
        &json!({}),
    );
    assert_eq!(decide(Some(&renamed), |_| ()), update(&["userName", "title"]));
    assert!(matches!(
        decide(Some(&renamed), |s| s.managed = false),
        Action::Nothing(_)
    ));
    assert!(matches!(
        decide(Some(&renamed), |s| s.scope = Scope::Groups),
        Action::Nothing(_)
    ));
}

#[test]
fn what_the_app_holds_already_is_not_sent() {
    let imported = link(
        LinkState::Linked,
        &json!({}),
        &json!({ "userName": "a", "active": true, "title": "T" }),
    );
    assert_eq!(
        decide(Some(&imported), |_| ()),
        Action::Agree(vec!["active".into(), "userName".into()])
    );
    let other = link(
        LinkState::Linked,
        &json!({}),
        &json!({ "userName": "A", "active": true }),
    );
    assert_eq!(decide(Some(&other), |_| ()), update(&["userName"]));
}

#[test]
fn what_is_to_have_no_value_is_cleared_once() {
    let titled = json!({ "userName": "a", "active": true, "title": "T" });
    let shown = link(
        LinkState::Linked,
        &json!({ "userName": "a", "active": true }),
        &titled,
    );
    let cleared = ["title".to_owned()];
    let situation = |link: &Link| {
        let (policies, capabilities) = (Policies::default(), Capabilities::default());
        plan(&Situation {
            scope: Scope::UsersAndGroups,
            policies: &policies,
            capabilities: &capabilities,
            kind: ResourceType::User,
            carried: Carried::In,
            managed: true,
            active: true,
            deleted: false,
            desired: &print(&json!({ "userName": "a", "active": true })),
            cleared: &cleared,
            link: Some(link),
            members: false,
            memberships: false,
            name_taken: false,
            undecided: false,
            blocked: false,
        })
    };
    assert_eq!(situation(&shown), update(&["title"]));
    let mut told = shown;
    told.pushed.insert("title".into(), mapping::UNASSIGNED.into());
    assert!(situation(&told).is_idle());
}

#[test]
fn what_the_app_keeps_otherwise_is_not_sent_again() {
    let folded = link(
        LinkState::Linked,
        &json!({ "userName": "a", "active": true }),
        &json!({ "userName": "A", "active": true }),
    );
    assert!(decide(Some(&folded), |_| ()).is_idle());
}

#[test]
fn access_ends_first_and_alone() {
    let renamed = link(
        LinkState::Linked,
        &json!({ "userName": "b", "active": true }),
        &json!({}),
    );
    assert_eq!(decide(Some(&renamed), |s| s.active = false), Action::Deactivate);
    let ended = link(
        LinkState::Linked,
        &json!({ "userName": "b", "active": false }),
        &json!({}),
    );
    assert_eq!(decide(Some(&ended), |s| s.active = false), update(&["userName"]));
    let back = link(
        LinkState::Linked,
        &json!({ "userName": "a", "active": false }),
        &json!({}),
    );
    assert_eq!(decide(Some(&back), |_| ()), update(&["active"]));
    let never_on = link(
        LinkState::Linked,
        &json!({}),
        &json!({ "userName": "a", "active": false }),
    );
    assert_eq!(
        decide(Some(&never_on), |s| s.active = false),
        Action::Agree(vec!["active".into(), "userName".into()])
    );
}

#[test]
fn only_the_removal_waits_for_a_person() {
    let off_and_renamed = |s: &mut Situation<'_>| {
        s.active = false;
        s.blocked = true;
    };
    let renamed = link(
        LinkState::Linked,
        &json!({ "userName": "b", "active": true }),
        &json!({}),
    );
    assert_eq!(decide(Some(&renamed), off_and_renamed), update(&["userName"]));
    assert_eq!(decide(Some(&in_step()), off_and_renamed), Action::Blocked);
    for policy in [Leaver::Deactivate, Leaver::Delete] {
        let gone = decide_under(&leaver(policy), Some(&in_step()), |s| {
            s.deleted = true;
            s.blocked = true;
        });
        assert_eq!(gone, Action::Blocked);
    }
}

#[test]
fn leavers_by_policy() {
    let off = |s: &mut Situation<'_>| s.active = false;
    let gone = |s: &mut Situation<'_>| s.deleted = true;
    let ended = link(
        LinkState::Linked,
        &json!({ "userName": "a", "active": false }),
        &json!({}),
    );
    for (policy, inactive, deleted) in [
        (Leaver::Deactivate, Action::Deactivate, Action::Deactivate),
        (Leaver::Delete, Action::Deactivate, Action::Delete),
    ] {
        assert_eq!(decide_under(&leaver(policy), Some(&in_step()), off), inactive);
        assert_eq!(decide_under(&leaver(policy), Some(&in_step()), gone), deleted);
    }
    assert!(decide_under(&leaver(Leaver::Leave), Some(&in_step()), off).is_idle());
    assert_eq!(
        decide_under(&leaver(Leaver::Leave), Some(&in_step()), gone),
        Action::Detach
    );
    assert_eq!(decide(Some(&ended), gone), Action::Detach);
    let in_groups = |s: &mut Situation<'_>| {
        s.deleted = true;
        s.memberships = true;
    };
    assert!(matches!(decide(Some(&ended), in_groups), Action::Wait(_)));
}

#[test]
fn gone_from_the_app() {
    let known = json!({ "userName": "a", "active": true });
    let gone = link(LinkState::Missing, &known, &known);
    assert!(decide(Some(&gone), |_| ()).is_idle());
    let enforce = Policies {
        drift: Drift::Enforce,
        ..Policies::default()
    };
    assert_eq!(decide_under(&enforce, Some(&gone), |_| ()), Action::Create);
    assert!(decide_under(&enforce, Some(&gone), |s| s.active = false).is_idle());
    let changed_since = link(LinkState::Missing, &json!({ "userName": "b" }), &known);
    assert_eq!(decide(Some(&changed_since), |_| ()), Action::Create);
    assert_eq!(decide(Some(&changed_since), |s| s.deleted = true), Action::Forget);
}

#[test]
fn groups() {
    let group = |s: &mut Situation<'_>| {
        s.kind = ResourceType::Group;
        s.members = true;
    };
    assert_eq!(decide(None, group), Action::Create);
    assert_eq!(decide(Some(&in_step()), group), Action::Members);
    let unmanaged = |s: &mut Situation<'_>| {
        group(s);
        s.managed = false;
    };
    assert_eq!(decide(Some(&in_step()), unmanaged), Action::Members);
    let deleted = |s: &mut Situation<'_>| {
        group(s);
        s.deleted = true;
    };
    assert_eq!(decide(Some(&in_step()), deleted), Action::Delete);
    let users_only = |s: &mut Situation<'_>| {
        group(s);
        s.scope = Scope::Users;
    };
    assert!(decide(None, users_only).is_idle());
}

/// In scope *groups* nothing is ever done to somebody's account, whatever the link, the policy and our side say.
#[test]
fn where_users_are_not_carried_they_are_only_looked_up() {
    let (other, same) = (
        json!({ "userName": "b", "active": true, "title": "T" }),
        json!({ "userName": "a", "active": true }),
    );
    let states = [
        LinkState::Creating,
        LinkState::Linked,
        LinkState::Ambiguous,
        LinkState::Left,
        LinkState::Missing,
    ];
    let none = json!({});
    let mut links: Vec<Option<Link>> = vec![None];
    for state in states {
        for (pushed, seen) in [(&none, &other), (&other, &same), (&same, &same)] {
            links.push(Some(link(state, pushed, seen)));
        }
    }
    let mut tried = 0;
    for (link, leaver) in links
        .iter()
        .flat_map(|l| [Leaver::Deactivate, Leaver::Delete, Leaver::Leave].map(|leaver| (l, leaver)))
    {
        for drift in [Drift::Report, Drift::Enforce, Drift::Adopt] {
            let policies = Policies {
                leaver,
                drift,
                ..Policies::default()
            };
            for case in 0..16 {
                let action = decide_under(&policies, link.as_ref(), |s| {
                    s.scope = Scope::Groups;
                    s.managed = case & 1 == 0;
                    s.active = case & 2 == 0;
                    s.deleted = case & 4 != 0;
                    s.memberships = case & 8 != 0;
                });
                tried += 1;
                assert!(
                    matches!(
                        action,
                        Action::Resolve
                            | Action::Forget
                            | Action::Detach
                            | Action::Nothing(_)
                            | Action::Wait(_)
                    ),
                    "{link:?} {policies:?} {case}: {action:?}"
                );
            }
        }
    }
    assert_eq!(tried, 16 * 9 * links.len());
    let linked = link(LinkState::Linked, &none, &other);
    let in_groups = decide(Some(&linked), |s| {
        (s.scope, s.deleted, s.memberships) = (Scope::Groups, true, true);
    });
    assert!(matches!(in_groups, Action::Wait(_)));
    let in_none = decide(Some(&linked), |s| (s.scope, s.deleted) = (Scope::Groups, true));
    assert_eq!(in_none, Action::Detach);
}

/// What happens to a carried, active user or group when the filters say this of it.
fn beyond(carried: Carried, policy: Leaver, kind: ResourceType, link: &Link) -> Action {
    decide_under(&leaver(policy), Some(link), |s| {
        s.carried = carried;
        s.kind = kind;
    })
}

#[test]
fn who_was_carried_leaves_by_the_leaver_policy() {
    let on = json!({ "userName": "a", "active": true });
    let carried = link(LinkState::Linked, &on, &on);
    let user = |policy| beyond(Carried::Out, policy, ResourceType::User, &carried);
    assert_eq!(user(Leaver::Deactivate), Action::Deactivate);
    assert_eq!(user(Leaver::Delete), Action::Delete);
    assert_eq!(user(Leaver::Leave), Action::Nothing(OUTSIDE));
    let group = |policy| beyond(Carried::Out, policy, ResourceType::Group, &carried);
    assert_eq!(group(Leaver::Deactivate), Action::Nothing(OUTSIDE));
    assert_eq!(group(Leaver::Delete), Action::Delete);
    let off = json!({ "userName": "a", "active": false });
    let left = link(LinkState::Linked, &off, &off);
    assert_eq!(
        beyond(Carried::Out, Leaver::Deactivate, ResourceType::User, &left),
        Action::Nothing(OUTSIDE)
    );
    assert_eq!(
        decide(Some(&left), |_| {}),
        Action::Update(vec!["active".into()]),
        "back in scope it is the same account"
    );
}

#[test]
fn who_never_was_carried_is_left_alone() {
    let theirs = link(
        LinkState::Linked,
        &json!({}),
        &json!({ "userName": "a", "active": true }),
    );
    for policy in [Leaver::Deactivate, Leaver::Delete, Leaver::Leave] {
        let action = beyond(Carried::Out, policy, ResourceType::User, &theirs);
        assert_eq!(action, Action::Nothing(OUTSIDE), "{policy:?}");
    }
    assert_eq!(
        decide(None, |s| s.carried = Carried::Out),
        Action::Nothing(OUTSIDE)
    );
    let gone = decide(Some(&theirs), |s| {
        s.carried = Carried::Out;
        s.deleted = true;
    });
    assert_eq!(gone, Action::Detach);
}

#[test]
fn a_filter_that_cannot_be_read_removes_nobody_and_brings_nobody_new() {
    let on = json!({ "userName": "a", "active": true });
    let carried = link(LinkState::Linked, &on, &on);
    for policy in [Leaver::Deactivate, Leaver::Delete, Leaver::Leave] {
        for kind in ResourceType::ALL {
            let action = beyond(Carried::Unclear, policy, kind, &carried);
            assert_eq!(action, Action::Nothing(UNCLEAR), "{policy:?} {kind:?}");
        }
    }
    assert_eq!(
        decide(None, |s| s.carried = Carried::Unclear),
        Action::Nothing(UNCLEAR)
    );
    let leaver = decide(Some(&carried), |s| {
        s.carried = Carried::Unclear;
        s.active = false;
    });
    assert_eq!(
        leaver,
        Action::Deactivate,
        "who left on our side leaves in scope and out of it"
    );
}

#[test]
fn where_users_are_only_looked_up_no_filter_is_asked() {
    let action = decide(None, |s| {
        s.scope = Scope::Groups;
        s.carried = Carried::Out;
    });
    assert_eq!(action, Action::Resolve);
}
