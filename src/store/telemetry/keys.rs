//! How each key was last used.

use std::collections::HashMap;
use std::net::IpAddr;

use rusqlite::{Connection, params};

use super::{Telemetry, lock};
use crate::model::{Request, Time};

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS key_uses(key INTEGER PRIMARY KEY, at INTEGER NOT NULL, \
                                agent TEXT NOT NULL, address TEXT NOT NULL);";

/// How a key was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When.
    pub at: Time,
    /// `User-Agent`, cut.
    pub agent: String,
    /// From where; empty: not known.
    pub address: String,
}

#[derive(Default)]
pub(super) struct Keys(HashMap<i64, Use>);

#[derive(Clone)]
pub(super) struct Use {
    at: Time,
    agent: Box<str>,
    address: Option<IpAddr>,
    written: bool,
}

impl Use {
    fn address(&self) -> String {
        self.address.map(|a| a.to_string()).unwrap_or_default()
    }
}

impl Keys {
    pub(super) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let mut all = conn.prepare("SELECT key, at, agent, address FROM key_uses")?;
        let rows = all.query_map([], |r| {
            let last = Use {
                at: Time(r.get(1)?),
                agent: r.get(2)?,
                address: r.get::<_, String>(3)?.parse().ok(),
                written: true,
            };
            Ok((r.get(0)?, last))
        })?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// A key that did not open was not used.
    pub(super) fn note(&mut self, request: &Request) {
        let Some(key) = request.key.filter(|_| request.status != 401) else {
            return;
        };
        match self.0.get_mut(&key) {
            Some(last) if last.agent == request.agent => {
                (last.at, last.address, last.written) = (request.at, request.address, false);
            }
            _ => {
                let last = Use {
                    at: request.at,
                    agent: request.agent.clone(),
                    address: request.address,
                    written: false,
                };
                self.0.insert(key, last);
            }
        }
    }

    pub(super) fn take(&mut self) -> Vec<(i64, Use)> {
        let fresh = self.0.iter_mut().filter(|(_, last)| !last.written);
        fresh
            .map(|(key, last)| {
                last.written = true;
                (*key, last.clone())
            })
            .collect()
    }

    pub(super) fn put_back(&mut self, uses: &[(i64, Use)]) {
        for (key, _) in uses {
            if let Some(last) = self.0.get_mut(key) {
                last.written = false;
            }
        }
    }
}

pub(super) fn write(conn: &Connection, uses: &[(i64, Use)]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO key_uses(key, at, agent, address) VALUES(?1, ?2, ?3, ?4)";
    for (key, last) in uses {
        conn.prepare_cached(sql)?
            .execute(params![key, last.at.0, last.agent, last.address()])?;
    }
    Ok(())
}

impl Telemetry {
    /// How a key was last used.
    #[must_use]
    pub fn key_use(&self, key: i64) -> Option<KeyUse> {
        lock(&self.fresh).keys.0.get(&key).map(|last| KeyUse {
            at: last.at,
            agent: last.agent.to_string(),
            address: last.address(),
        })
    }
}
