//! The requests, and what a right answer is.
use std::collections::HashSet;

use hyper::Method;
use serde_json::{Value, json};

use crate::http::Conn;

pub fn snippet(v: &Value) -> String {
    let s = v.to_string();
    s.chars().take(200).collect()
}

pub fn want(ok: bool, st: u16, v: &Value) -> Result<(), String> {
    if ok {
        Ok(())
    } else {
        Err(format!("{st} {}", snippet(v)))
    }
}

pub fn user_body(name: &str, i: usize) -> String {
    let given = [
        "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Ken",
    ][i % 8];
    let family = [
        "Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Allen", "Thompson", "Åström",
    ][i % 9];
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": format!("00u{i:017}"),
        "userName": name,
        "name": {"givenName": given, "familyName": family, "formatted": format!("{given} {family}")},
        "displayName": format!("{given} {family}"),
        "emails": [{"value": name, "type": "work", "primary": true}],
        "phoneNumbers": [{"value": format!("+1-555-{:07}", i % 10_000_000), "type": "work"}],
        "locale": "en-US",
        "title": "Engineer",
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": format!("{i}"), "costCenter": format!("CC-{}", i % 40), "department": format!("Dept {}", i % 25)
        }
    })
    .to_string()
}

pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub fn active_body(legacy: bool, on: bool) -> String {
    if legacy {
        json!({"schemas":[PATCH],"Operations":[{"op":"Replace","path":"active","value": if on {"True"} else {"False"}}]}).to_string()
    } else {
        json!({"schemas":[PATCH],"Operations":[{"op":"replace","path":"active","value":on}]}).to_string()
    }
}

pub fn member_body(ids: &[String]) -> String {
    let v: Vec<Value> = ids.iter().map(|i| json!({"value": i})).collect();
    json!({"schemas":[PATCH],"Operations":[{"op":"add","path":"members","value":v}]}).to_string()
}

pub fn enc(s: &str) -> String {
    let mut out = String::with_capacity(s.len() * 2);
    for b in s.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(b as char)
        } else {
            out.push_str(&format!("%{b:02X}"))
        }
    }
    out
}

pub async fn create_user(c: &mut Conn, name: &str, i: usize) -> Result<String, String> {
    let (st, v) = c.json(Method::POST, "/Users", Some(&user_body(name, i))).await?;
    want(st == 201 && v["userName"].as_str() == Some(name), st, &v)?;
    v["id"].as_str().map(str::to_string).ok_or_else(|| "no id".into())
}

pub async fn find_user(c: &mut Conn, name: &str, hit: bool) -> Result<(), String> {
    let path = format!("/Users?filter={}", enc(&format!("userName eq \"{name}\"")));
    let (st, v) = c.json(Method::GET, &path, None).await?;
    let total = v["totalResults"].as_u64();
    let ok = if hit {
        total == Some(1) && v["Resources"][0]["userName"].as_str() == Some(name)
    } else {
        total == Some(0)
    };
    want(st == 200 && ok, st, &v)
}

pub async fn set_active(c: &mut Conn, id: &str, on: bool, legacy: bool) -> Result<(), String> {
    let (st, v) = c
        .json(
            Method::PATCH,
            &format!("/Users/{}", enc(id)),
            Some(&active_body(legacy, on)),
        )
        .await?;
    want(
        st == 204 || (st == 200 && v["active"].as_bool() == Some(on)),
        st,
        &v,
    )
}

pub async fn add_members(c: &mut Conn, gid: &str, ids: &[String]) -> Result<(), String> {
    let (st, v) = c
        .json(
            Method::PATCH,
            &format!("/Groups/{}", enc(gid)),
            Some(&member_body(ids)),
        )
        .await?;
    want(st == 204 || (st == 200 && v["id"].as_str() == Some(gid)), st, &v)
}

pub async fn make_group(c: &mut Conn, name: &str, ids: &[String]) -> Result<String, String> {
    let members: Vec<Value> = ids.iter().take(1000).map(|i| json!({"value": i})).collect();
    let body = json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":name,"members":members}).to_string();
    let (st, v) = c.json(Method::POST, "/Groups", Some(&body)).await?;
    want(st == 201 && v["displayName"].as_str() == Some(name), st, &v)?;
    let gid = v["id"].as_str().ok_or("no group id")?.to_string();
    for chunk in ids.get(1000..).unwrap_or(&[]).chunks(1000) {
        add_members(c, &gid, chunk).await?;
    }
    Ok(gid)
}

pub async fn member_count(c: &mut Conn, gid: &str) -> Result<usize, String> {
    let (st, v) = c
        .json(Method::GET, &format!("/Groups/{}", enc(gid)), None)
        .await?;
    if st != 200 {
        return Err(format!("{st} {}", snippet(&v)));
    }
    let ids: HashSet<&str> = v["members"]
        .as_array()
        .map(|a| a.iter().filter_map(|m| m["value"].as_str()).collect())
        .unwrap_or_default();
    Ok(ids.len())
}
