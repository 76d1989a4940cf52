//! Lists for people: who a page of the UI shows, by a piece of their name, with how they stand in the app. The lists of the
//! SCIM endpoint are `lists`'.

use rusqlite::params;

use super::resources::{kind_code, kind_of};
use super::scan::within;
use super::{Rx, StoreError, landmarks};
use crate::model::{InstanceId, Time};
use crate::scim::fold;
use crate::scim::schema::ResourceType;

/// A user or group in a list for people, with where it stands in the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Public id.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// userName or displayName.
    pub name: String,
    /// `active`.
    pub active: bool,
    /// Somebody on our side has written to it.
    pub managed: bool,
    /// State of its link, if any.
    pub link: Option<String>,
    /// State of its job, if any.
    pub job: Option<String>,
    /// Why its job is not done.
    pub error: Option<String>,
    /// Members that a group shows, groups that show a user.
    pub members: u64,
    /// `meta.lastModified`.
    pub changed: Time,
}

/// Whom a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Only {
    /// Everybody.
    #[default]
    All,
    /// Those with access.
    Active,
    /// Those without.
    Inactive,
    /// Those whose push was rejected or is held.
    Stuck,
    /// Those whose push is on its way.
    Waiting,
}

/// A page for people: those whose name or e-mail contains `text`, what is stuck first, then by name; and how many there
/// are in all.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn listed(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    text: &str,
    only: Only,
    offset: u64,
    limit: u64,
) -> Result<(u64, Vec<Listed>), StoreError> {
    within(rx, |_| {
        let look = Look {
            rx,
            instance,
            kind,
            pattern: pattern(text),
        };
        let (stuck, rest) = match only {
            Only::All => (STUCK, Some("1 = 1")),
            Only::Active => (STUCK_ACTIVE, Some("r.active = 1")),
            Only::Inactive => (STUCK_INACTIVE, Some("r.active = 0")),
            Only::Stuck => (STUCK, None),
            Only::Waiting => (WAITING, None),
        };
        let first = look.count(stuck)?;
        let mut rows = look.rows(stuck, offset, limit)?;
        let mut total = first;
        if let Some(condition) = rest {
            total = match only {
                Only::All if text.is_empty() => landmarks::total(rx, instance, kind)?,
                _ => look.count(&format!("resources r WHERE {condition}"))?,
            };
            let left = limit - rows.len() as u64;
            let others = format!("resources r INDEXED BY resources_name WHERE {condition} AND {NOT_STUCK}");
            rows.extend(look.rows(&others, offset.saturating_sub(first), left)?);
        }
        let found = rows
            .into_iter()
            .map(|row| look.one(row))
            .collect::<Result<_, _>>()?;
        Ok((total, found))
    })
}

const STUCK: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held')";
const STUCK_ACTIVE: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held') AND r.active = 1";
const STUCK_INACTIVE: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held') AND r.active = 0";
const WAITING: &str = "jobs j CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state NOT IN ('rejected', 'held')";
const NOT_STUCK: &str = "NOT EXISTS (SELECT 1 FROM jobs j WHERE j.instance = ?1 AND j.kind = 1 \
    AND j.subject = r.row AND j.state IN ('rejected', 'held'))";
const MATCHING: &str = "AND r.instance = ?1 AND r.kind = ?2 AND r.deleted_at IS NULL AND (?3 = '%%' \
    OR r.name_key LIKE ?3 ESCAPE '\\' OR r.display LIKE ?3 ESCAPE '\\' \
    OR EXISTS (SELECT 1 FROM emails e WHERE e.resource = r.row AND e.value_key LIKE ?3 ESCAPE '\\'))";

struct Look<'a> {
    rx: &'a Rx<'a>,
    instance: InstanceId,
    kind: ResourceType,
    pattern: String,
}

impl Look<'_> {
    fn count(&self, from: &str) -> Result<u64, StoreError> {
        let mut count = self
            .rx
            .conn
            .prepare_cached(&format!("SELECT count(*) FROM {from} {MATCHING}"))?;
        let values = params![self.instance.0, kind_code(self.kind), self.pattern];
        Ok(count.query_row(values, |r| r.get::<_, i64>(0))?.unsigned_abs())
    }

    fn rows(&self, from: &str, offset: u64, limit: u64) -> Result<Vec<i64>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT r.row FROM {from} {MATCHING} ORDER BY r.name_key, r.deleted_at, r.row LIMIT ?4 OFFSET ?5"
        );
        let mut find = self.rx.conn.prepare_cached(&sql)?;
        let values = params![
            self.instance.0,
            kind_code(self.kind),
            self.pattern,
            whole(limit),
            whole(offset)
        ];
        let rows = find.query_map(values, |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn one(&self, row: i64) -> Result<Listed, StoreError> {
        let sql = "SELECT r.id, r.display, r.name, r.active, r.managed, l.state, j.state, j.last_error, \
             CASE WHEN r.kind = 2 THEN (SELECT count(*) FROM members m WHERE m.grp = r.row AND m.wanted = 1) \
                  ELSE (SELECT count(*) FROM members m WHERE m.member = r.row AND m.wanted = 1) END, r.last_modified \
           FROM resources r LEFT JOIN links l ON l.resource = r.row \
             LEFT JOIN jobs j ON j.instance = r.instance AND j.kind = 1 AND j.subject = r.row WHERE r.row = ?1";
        Ok(self.rx.conn.prepare_cached(sql)?.query_row([row], |r| {
            Ok(Listed {
                id: r.get(0)?,
                display: r.get(1)?,
                name: r.get(2)?,
                active: r.get(3)?,
                managed: r.get(4)?,
                link: r.get(5)?,
                job: r.get(6)?,
                error: r.get(7)?,
                members: r.get::<_, i64>(8)?.unsigned_abs(),
                changed: Time(r.get(9)?),
            })
        })?)
    }
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// What LIKE matches where `text` stands in it.
pub(super) fn pattern(text: &str) -> String {
    let folded = fold(text);
    let escaped = folded.chars().take(200).flat_map(|c| match c {
        '%' | '_' | '\\' => vec!['\\', c],
        c => vec![c],
    });
    format!("%{}%", escaped.collect::<String>())
}

/// A membership as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Public id of the other side: the member, or the group.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// userName or displayName.
    pub name: String,
    /// User or Group.
    pub kind: ResourceType,
    /// The app is believed to have it.
    pub held: bool,
    /// The other side has an account, or is a group, in the app.
    pub linked: bool,
}

fn read_membership(r: &rusqlite::Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        id: r.get(0)?,
        display: r.get(1)?,
        name: r.get(2)?,
        kind: kind_of(r.get(3)?),
        held: r.get(4)?,
        linked: r.get(5)?,
    })
}

const MEMBERSHIP: &str = "SELECT r.id, r.display, r.name, r.kind, m.held = 1, \
    EXISTS (SELECT 1 FROM links l WHERE l.resource = r.row AND l.state = 'linked')";

/// The members that a group shows and whose name contains `text`, in order of creation; and how many those are.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn members_of(
    rx: &Rx<'_>,
    group: i64,
    text: &str,
    offset: u64,
    limit: u64,
) -> Result<(u64, Vec<Membership>), StoreError> {
    let from = "FROM members m JOIN resources r ON r.row = m.member WHERE m.grp = ?1 AND m.wanted = 1 \
        AND r.deleted_at IS NULL AND (?2 = '%%' OR r.name_key LIKE ?2 ESCAPE '\\' OR r.display LIKE ?2 ESCAPE '\\')";
    within(rx, |_| {
        let pattern = pattern(text);
        let mut count = rx.conn.prepare_cached(&format!("SELECT count(*) {from}"))?;
        let total: i64 = count.query_row(params![group, pattern], |r| r.get(0))?;
        let sql = format!("{MEMBERSHIP} {from} ORDER BY m.member LIMIT ?3 OFFSET ?4");
        let mut find = rx.conn.prepare_cached(&sql)?;
        let rows = find.query_map(
            params![group, pattern, whole(limit), whole(offset)],
            read_membership,
        )?;
        Ok((total.unsigned_abs(), rows.collect::<Result<_, _>>()?))
    })
}

/// The groups that show this member, by name; at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn groups_with(rx: &Rx<'_>, member: i64, limit: u64) -> Result<Vec<Membership>, StoreError> {
    let sql = format!(
        "{MEMBERSHIP} FROM members m JOIN resources r ON r.row = m.grp \
         WHERE m.member = ?1 AND m.wanted = 1 AND r.deleted_at IS NULL ORDER BY r.name_key LIMIT ?2"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params![member, whole(limit)], read_membership)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
