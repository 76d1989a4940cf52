//! The quick look agrees with the plan, and what is said of it is true.

use serde_json::json;

use super::*;
use crate::model::policies::{Drift, Leaver};
use crate::model::{Capabilities, Fingerprint, Link, Scope};
use crate::sync::plan::{Situation, plan};

const CARRIED: [Carried; 3] = [Carried::In, Carried::Out, Carried::Unclear];
const LEAVERS: [Leaver; 3] = [Leaver::Deactivate, Leaver::Delete, Leaver::Leave];
const BOTH: [bool; 2] = [false, true];

fn print(value: &serde_json::Value) -> Fingerprint {
    let object = value.as_object().cloned().unwrap_or_default();
    mapping::fingerprint(ResourceType::User, &object)
}

fn links() -> Vec<Option<Link>> {
    let (on, off) = (
        print(&json!({"userName": "a", "active": true})),
        print(&json!({"userName": "a", "active": false})),
    );
    let mut all = vec![None];
    for state in [
        LinkState::Creating,
        LinkState::Linked,
        LinkState::Left,
        LinkState::Missing,
        LinkState::Ambiguous,
    ] {
        for pushed in [&Fingerprint::new(), &on, &off] {
            let link = crate::store::links::draft(InstanceId(1), ResourceType::User, Some(1), state);
            all.push(Some(Link {
                remote_id: Some("r".into()),
                pushed: pushed.clone(),
                seen: on.clone(),
                ..link
            }));
        }
    }
    all
}

/// Every case of a resource under these policies, old and new.
fn cases(
    old: &Policies,
    new: &Policies,
    link: Option<&Link>,
    mut check: impl FnMut(&Stance, Action, Action),
) {
    let capabilities = Capabilities::default();
    let desired = print(&json!({"userName": "a", "active": true}));
    let mapped = print(&json!({"userName": "b", "active": true}));
    for case in 0..128_u32 {
        let is = |bit: u32| case & (1 << bit) != 0;
        for was in CARRIED {
            for then in CARRIED {
                let stance = Stance {
                    deleted: is(0),
                    active: is(1),
                    managed: is(2),
                    carried: (was, then),
                    missing: link.is_some_and(|l| l.state == LinkState::Missing),
                    mapped: is(3),
                };
                let of = |policies, carried, desired| {
                    plan(&Situation {
                        scope: if is(4) {
                            Scope::UsersAndGroups
                        } else {
                            Scope::Groups
                        },
                        policies,
                        capabilities: &capabilities,
                        kind: if is(5) {
                            ResourceType::User
                        } else {
                            ResourceType::Group
                        },
                        carried,
                        managed: stance.managed,
                        active: stance.active,
                        deleted: stance.deleted,
                        desired,
                        cleared: &[],
                        link,
                        members: is(6),
                        memberships: is(6),
                        name_taken: false,
                        undecided: is(6),
                        blocked: is(6),
                    })
                };
                let other = if is(3) { &mapped } else { &desired };
                check(&stance, of(old, was, &desired), of(new, then, other));
            }
        }
    }
}

#[test]
fn what_is_passed_over_has_the_same_plan() {
    let (mut passed, mut differ) = (0, 0);
    for link in links() {
        for (old, new) in LEAVERS.into_iter().flat_map(|a| LEAVERS.map(|b| (a, b))) {
            for drift in BOTH {
                let policies = |leaver, drift| Policies {
                    leaver,
                    drift,
                    ..Policies::default()
                };
                let old = policies(old, Drift::Report);
                let new = policies(new, if drift { Drift::Enforce } else { Drift::Report });
                cases(&old, &new, link.as_ref(), |stance, before, then| {
                    if may_differ(&old, &new, stance) {
                        differ += u32::from(before != then);
                    } else {
                        passed += 1;
                        assert_eq!(before, then, "{link:?} {:?} {:?}", old.leaver, new.leaver);
                    }
                });
            }
        }
    }
    assert!(passed > 1000 && differ > 1000, "{passed} {differ}");
}

#[test]
fn how_far_it_came_is_said() {
    let whole = Preview {
        users: 1,
        looked: 10,
        all: 10,
        ..Preview::default()
    };
    assert_eq!(whole.sentences(), ["1 person would lose access."]);
    let part = Preview {
        is_partial: true,
        looked: 500,
        all: 90_000,
        users: 7,
        ..Preview::default()
    };
    assert_eq!(
        part.sentences(),
        [
            "At least 7 people would lose access.",
            "Only the first 500 of 90000 users and groups were looked at: it may be more."
        ]
    );
    let nobody_yet = Preview { users: 0, ..part };
    assert!(nobody_yet.needs_a_word(), "nobody knows");
}
