//! Eight clients that write to one group at once: nothing that was answered is lost, and nothing else appears.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Scim, TestHub};

const CLIENTS: usize = 8;
const CHANGES: usize = 50;
/// Users that belong to one client: only it adds and removes them.
const OWN: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn eight_clients_patch_one_group_and_lose_nothing() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let mut users = Vec::new();
    for n in 0..CLIENTS * OWN {
        users.push(scim.user(&format!("user{n}@example.com")).await);
    }
    let first: Vec<&str> = users.iter().step_by(2).map(String::as_str).collect();
    let group = scim.group("Everybody", &first).await;
    let clients = users.chunks(OWN).enumerate().map(|(number, own)| {
        let (scim, path, own) = (scim.clone(), format!("/Groups/{group}"), own.to_vec());
        tokio::spawn(async move { client(&scim, &path, number, &own).await })
    });
    let clients: Vec<_> = clients.collect();
    let mut model = BTreeSet::new();
    for client in clients {
        model.extend(client.await.unwrap());
    }
    let after = scim.get(&format!("/Groups/{group}")).await.expect(200);
    let members = listed(&after["members"]);
    assert_eq!(members, model);
    assert_eq!(after["members"].as_array().unwrap().len(), members.len());
    assert!(
        after["displayName"]
            .as_str()
            .is_some_and(|name| name.starts_with("Named by "))
    );
    for user in &users {
        let seen = scim.get(&format!("/Users/{user}")).await.expect(200);
        let groups = listed(&seen["groups"]);
        assert_eq!(
            groups.contains(&group),
            model.contains(user),
            "{user} is shown on both sides"
        );
    }
    hub.stop().await;
}

/// Adds and removes its own users in every form there is; those that are members in the end.
async fn client(scim: &Scim, path: &str, number: usize, own: &[String]) -> BTreeSet<String> {
    let at = |n: usize| own[n % OWN].clone();
    // Of all users every second was in from the start, and each client has an even number of them.
    let mut members: BTreeSet<String> = own.iter().step_by(2).cloned().collect();
    for n in 0..CHANGES {
        let (one, two) = (at(n * 5 + number), at(n * 7 + number * 3 + 1));
        let operations = match (n + number) % 6 {
            0 => json!([{"op": "add", "path": "members", "value": [{"value": one}, {"value": two}]}]),
            1 => json!([{"op": "remove", "path": format!("members[value eq \"{one}\"]")}]),
            2 => json!([{"op": "Remove", "path": "members", "value": [{"value": one}, {"value": two}]}]),
            3 => json!([{"op": "add", "value": {"members": [{"value": one}]}}]),
            4 => json!([
                {"op": "add", "path": "members", "value": [{"value": one}]},
                {"op": "remove", "path": format!("members[value eq \"{two}\"]")},
            ]),
            _ => json!([
                {"op": "replace", "path": "displayName", "value": format!("Named by {number}.{n}")},
                {"op": "add", "path": "members", "value": {"value": one}},
            ]),
        };
        match (n + number) % 6 {
            0 => members.extend([one, two]),
            1 => drop(members.remove(&one)),
            2 => members.retain(|id| *id != one && *id != two),
            3 | 5 => drop(members.insert(one)),
            _ => {
                members.insert(one);
                members.remove(&two);
            }
        }
        let status = scim.patch(path, operations).await.status;
        assert!(status == 204 || status == 200, "{status}");
    }
    members
}

fn listed(values: &Value) -> BTreeSet<String> {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    values
        .iter()
        .filter_map(|value| value["value"].as_str().map(str::to_owned))
        .collect()
}
