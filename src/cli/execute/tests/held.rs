//! Held removals: listed, allowed and rejected, all or some.

use super::*;
use crate::cli::command::Which;
use crate::model::{Removal, RemovalClass, RemovalState, Time};
use crate::store::{Tx, removals};

#[tokio::test]
async fn held_removals() {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(dir.path()).await;
    done(&hub, receiver("People")).await;
    let id = find(&hub, "people".into()).await.unwrap().id;
    let hold = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        for subject in 1..=250 {
            let new = Removal {
                id: 0,
                instance: id,
                class: RemovalClass::Account,
                subject,
                member: 0,
                label: format!("user{subject}"),
                state: RemovalState::Held,
                reason: "it left".into(),
                at: Time(0),
            };
            removals::insert(tx, &new, 0)?;
        }
        Ok(())
    };
    hub.store.write(Lane::Front, None, hold).await.unwrap();
    let decide = |which, allow| Command::HeldDecide {
        slug: "people".into(),
        which,
        allow,
    };
    let list = || Command::HeldList {
        slug: Some("people".into()),
    };
    let rows = done(&hub, list()).await;
    assert_eq!(rows.as_array().unwrap().len(), 250);
    assert_eq!(
        (&rows[0]["label"], &rows[0]["class"]),
        (&json!("user1"), &json!("account"))
    );
    let ids: Vec<i64> = rows.as_array().unwrap()[..2]
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(
        done(&hub, decide(Which::Ids(ids.clone()), true)).await,
        json!({"count": 2})
    );
    refused(&hub, decide(Which::Ids(ids), true), "None of these waits").await;
    assert_eq!(done(&hub, decide(Which::All, false)).await, json!({"count": 248}));
    assert_eq!(done(&hub, decide(Which::All, false)).await, json!({"count": 0}));
    assert_eq!(done(&hub, list()).await, json!([]));
}
