//! The simulated identity provider: people join, move, leave and come back, always the same ones in the same order. It
//! knows the hub as any identity provider does: a SCIM base URL and a key.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use super::cast;
use super::endpoint::Endpoint;
use super::error::DemoError;
use crate::scim::urn;

/// Leavers in an hour: within the removal limit of a directory of forty, or the engine would rightly hold the next one.
const LEAVERS: usize = 4;
/// Changes of team in an hour, each the end of one membership: within the removal limit as well.
const TRANSFERS: usize = 40;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A simulated identity provider.
pub(super) struct Idp {
    end: Endpoint,
    people: Vec<Person>,
    teams: BTreeMap<String, String>,
    joiners: std::slice::Iter<'static, &'static str>,
    left: VecDeque<usize>,
    leavers: Budget,
    transfers: Budget,
    /// Who moves next; leavers are taken from the other end.
    turn: usize,
    steps: usize,
}

/// Somebody, as the identity provider last wrote them.
struct Person {
    id: String,
    name: String,
    user_name: String,
    team: usize,
    rank: usize,
    active: bool,
}

/// What became of somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Joined,
    Moved,
    Left,
}

/// A change that the hub acknowledged: what it is, and what the app shows when it has it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) user_name: String,
    pub(super) id: String,
    pub(super) active: bool,
    pub(super) title: &'static str,
    pub(super) team: &'static str,
}

impl Change {
    /// Whether this User, read from the app, has it.
    pub(super) fn is_in(&self, user: &Value) -> bool {
        let mut teams = user["groups"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|g| &g["display"]);
        user["active"] == self.active
            && user["title"] == self.title
            && user[urn::ENTERPRISE_USER]["department"] == self.team
            && teams.next().is_some_and(|team| team == self.team)
            && teams.next().is_none()
    }
}

impl Idp {
    /// Learns who is there from the endpoint it provisions to.
    pub(super) async fn connect(end: Endpoint) -> Result<Self, DemoError> {
        let mut teams = BTreeMap::new();
        for group in end.all("Groups").await? {
            let name = group["displayName"]
                .as_str()
                .ok_or(DemoError::Shape("displayName"))?;
            teams.insert(name.to_owned(), id_of(&group)?);
        }
        let mut people = Vec::new();
        for user in end.all("Users").await? {
            let text = |v: &Value| {
                v.as_str()
                    .map(str::to_owned)
                    .ok_or(DemoError::Shape("attribute of a person"))
            };
            let department = &user[urn::ENTERPRISE_USER]["department"];
            let team = cast::TEAMS.iter().position(|t| department == t.0).unwrap_or(0);
            people.push(Person {
                id: id_of(&user)?,
                name: text(&user["displayName"])?,
                user_name: text(&user["userName"])?,
                team,
                rank: 0,
                active: true,
            });
        }
        people.sort_by(|a, b| a.user_name.cmp(&b.user_name));
        Ok(Self {
            end,
            people,
            teams,
            joiners: cast::JOINERS.iter(),
            left: VecDeque::new(),
            leavers: Budget::new(LEAVERS),
            transfers: Budget::new(TRANSFERS),
            turn: 0,
            steps: 0,
        })
    }

    /// The next change; `now`: time since the story began.
    pub(super) async fn step(&mut self, now: Duration) -> Result<Change, DemoError> {
        let step = self.steps;
        self.steps += 1;
        match step % 5 {
            0 | 3 => match self.joiners.next() {
                Some(name) => self.join(name, &cast::address(name), step % 6).await,
                None if !self.left.is_empty() => self.come_back().await,
                None => self.promote().await,
            },
            1 if self.transfers.take(now) => self.transfer().await,
            2 if self.leavers.take(now) => self.leave().await,
            _ => self.promote().await,
        }
    }

    /// Somebody joins whose userName the app does not take.
    pub(super) async fn join_mistyped(&mut self) -> Result<Change, DemoError> {
        let (name, typo) = cast::MISTYPED;
        let mut change = self.join(name, typo, 5).await?;
        change.user_name = cast::address(name);
        Ok(change)
    }

    /// What the visitor would do about it.
    pub(super) async fn mend(&self, change: &Change) -> Result<(), DemoError> {
        let operations = json!([{ "op": "replace", "path": "userName", "value": change.user_name }]);
        self.end.patch(&format!("Users/{}", change.id), operations).await
    }

    async fn join(&mut self, name: &str, user_name: &str, team: usize) -> Result<Change, DemoError> {
        let (team_name, titles) = cast::TEAMS[team];
        let made = self
            .end
            .create("Users", cast::user(name, user_name, team_name, titles[0]))
            .await?;
        let id = id_of(&made)?;
        self.end
            .patch(
                &self.group(team)?,
                json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]),
            )
            .await?;
        let person = Person {
            id,
            name: name.into(),
            user_name: user_name.into(),
            team,
            rank: 0,
            active: true,
        };
        let change = person.change(Kind::Joined, format!("{name} joined {team_name}"));
        self.people.push(person);
        Ok(change)
    }

    async fn transfer(&mut self) -> Result<Change, DemoError> {
        let who = self.next_to_move();
        let (from, to) = (
            self.people[who].team,
            (self.people[who].team + 1) % cast::TEAMS.len(),
        );
        let (person, (team, titles)) = (&mut self.people[who], cast::TEAMS[to]);
        (person.team, person.rank) = (to, 0);
        let change = person.change(Kind::Moved, format!("{} moved to {team}", person.name));
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        let operations = json!([
            { "op": "replace", "path": "title", "value": titles[0] },
            { "op": "replace", "path": department, "value": team },
        ]);
        self.end
            .patch(&format!("Users/{}", change.id), operations)
            .await?;
        let member = format!("members[value eq \"{}\"]", change.id);
        self.end
            .patch(&self.group(from)?, json!([{ "op": "remove", "path": member }]))
            .await?;
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": change.id }] }]);
        self.end.patch(&self.group(to)?, add).await?;
        Ok(change)
    }

    async fn promote(&mut self) -> Result<Change, DemoError> {
        let who = self.next_to_move();
        let person = &mut self.people[who];
        person.rank = (person.rank + 1) % 3;
        let change = person.change(Kind::Moved, format!("{} is now {}", person.name, person.title()));
        let operations = json!([{ "op": "replace", "path": "title", "value": change.title }]);
        self.end
            .patch(&format!("Users/{}", change.id), operations)
            .await?;
        Ok(change)
    }

    async fn leave(&mut self) -> Result<Change, DemoError> {
        let who = self
            .people
            .iter()
            .take(cast::STAFF.len())
            .rposition(|p| p.active)
            .unwrap_or(0);
        self.left.push_back(who);
        let text = format!("{} left", self.people[who].name);
        self.switch(who, false, Kind::Left, text).await
    }

    async fn come_back(&mut self) -> Result<Change, DemoError> {
        let who = self.left.pop_front().unwrap_or(0);
        let text = format!(
            "{} is back in {}",
            self.people[who].name,
            self.people[who].team_name()
        );
        self.switch(who, true, Kind::Joined, text).await
    }

    async fn switch(
        &mut self,
        who: usize,
        active: bool,
        kind: Kind,
        text: String,
    ) -> Result<Change, DemoError> {
        self.people[who].active = active;
        let change = self.people[who].change(kind, text);
        let operations = json!([{ "op": "replace", "path": "active", "value": active }]);
        self.end
            .patch(&format!("Users/{}", change.id), operations)
            .await?;
        Ok(change)
    }

    /// The next of those who are here from the start and have not left: long enough apart that one change of somebody is
    /// in the app before the next begins.
    fn next_to_move(&mut self) -> usize {
        let staff = cast::STAFF.len().min(self.people.len());
        for _ in 0..staff {
            let who = self.turn % staff;
            // Seven and forty have no common divisor: everybody gets a turn.
            self.turn += 7;
            if self.people[who].active {
                return who;
            }
        }
        0
    }

    fn group(&self, team: usize) -> Result<String, DemoError> {
        let id = self
            .teams
            .get(cast::TEAMS[team].0)
            .ok_or(DemoError::Shape("team of this name"))?;
        Ok(format!("Groups/{id}"))
    }
}

impl Person {
    fn title(&self) -> &'static str {
        cast::TEAMS[self.team].1[self.rank]
    }

    fn team_name(&self) -> &'static str {
        cast::TEAMS[self.team].0
    }

    fn change(&self, kind: Kind, text: String) -> Change {
        Change {
            kind,
            text,
            user_name: self.user_name.clone(),
            id: self.id.clone(),
            active: self.active,
            title: self.title(),
            team: self.team_name(),
        }
    }
}

/// So many in any hour.
struct Budget {
    most: usize,
    spent: VecDeque<Duration>,
}

impl Budget {
    fn new(most: usize) -> Self {
        Self {
            most,
            spent: VecDeque::new(),
        }
    }

    fn take(&mut self, now: Duration) -> bool {
        while self.spent.front().is_some_and(|at| *at + HOUR < now) {
            self.spent.pop_front();
        }
        let free = self.spent.len() < self.most;
        if free {
            self.spent.push_back(now);
        }
        free
    }
}

/// The id of a resource.
pub(super) fn id_of(resource: &Value) -> Result<String, DemoError> {
    resource["id"]
        .as_str()
        .map(str::to_owned)
        .ok_or(DemoError::Shape("id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_for_any_hour() {
        let mut budget = Budget::new(2);
        let taken = [0, 10, 20, 3600, 3601, 3611, 3612].map(|s| budget.take(Duration::from_secs(s)));
        assert_eq!(taken, [true, true, false, false, true, true, false]);
    }
}
