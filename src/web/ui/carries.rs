//! What an instance carries, in words: as forms ask for it and as pages say it.

use super::parts::Choice;
use crate::model::{Instance, Scope, UserWrites};

/// Users, groups or both.
#[must_use]
pub fn scopes(chosen: Scope) -> Vec<Choice> {
    let all = [
        (
            Scope::UsersAndGroups.as_str(),
            "Users and groups",
            "Accounts, groups and who is in them.",
        ),
        (Scope::Users.as_str(), "Users only", "Groups are left alone."),
        (
            Scope::Groups.as_str(),
            "Groups only",
            "People must have an account in the app already.",
        ),
    ];
    Choice::list(&all, chosen.as_str())
}

/// What an instance that carries groups only may answer to writes of users.
#[must_use]
pub fn user_writes(chosen: UserWrites) -> Vec<Choice> {
    let all = [
        (
            UserWrites::Acknowledge.as_str(),
            "Acknowledge it",
            "The person is kept here and nothing is sent; who has an account in the app is taken into its groups.",
        ),
        (
            UserWrites::Refuse.as_str(),
            "Refuse it",
            "The provider is told that people must exist in the app first.",
        ),
    ];
    Choice::list(&all, chosen.as_str())
}

/// `groups only; writes of users are refused`.
#[must_use]
pub fn sentence(instance: &Instance) -> &'static str {
    match (instance.scope, instance.policies.user_writes) {
        (Scope::UsersAndGroups, _) => "users and groups",
        (Scope::Users, _) => "users only",
        (Scope::Groups, UserWrites::Acknowledge) => "groups only; writes of users are acknowledged",
        (Scope::Groups, UserWrites::Refuse) => "groups only; writes of users are refused",
    }
}

/// ` · groups only`; empty for both.
#[must_use]
pub fn only(scope: Scope) -> &'static str {
    match scope {
        Scope::UsersAndGroups => "",
        Scope::Users => " · users only",
        Scope::Groups => " · groups only",
    }
}
