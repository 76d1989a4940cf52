//! Which of a user's e-mail addresses is the one at work: what proposes that two accounts are one person, and what a form
//! for people shows. It never decides by itself (DESIGN §1).

use serde_json::Value;

use crate::scim::Attributes;

/// The work e-mail: its place in the list, and the address as it is written. The first of type *work*; else the primary
/// one; else the only one, if it has no type.
#[must_use]
pub fn work_email(attributes: &Attributes) -> Option<(usize, &str)> {
    let all = attributes.get("emails").and_then(Value::as_array)?;
    let kind = |one: &Value| {
        one.get("type")
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    let found = all
        .iter()
        .position(|one| kind(one).as_deref() == Some("work"))
        .or_else(|| {
            all.iter()
                .position(|one| one.get("primary") == Some(&Value::Bool(true)))
        })
        .or_else(|| (all.len() == 1 && all.first().is_some_and(|one| kind(one).is_none())).then_some(0))?;
    let address = all.get(found)?.get("value")?.as_str()?.trim();
    (!address.is_empty()).then_some((found, address))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn work_comes_before_primary_and_primary_before_the_only_one() {
        let of = |emails: Value| {
            let attributes = Attributes::from_iter([("emails".to_owned(), emails)]);
            work_email(&attributes).map(|(at, address)| (at, address.to_owned()))
        };
        let work =
            json!([{"value": "h@x", "type": "home", "primary": true}, {"value": "w@x", "type": "Work"}]);
        assert_eq!(of(work), Some((1, "w@x".into())));
        let primary = json!([{"value": "a@x", "type": "home"}, {"value": "b@x", "primary": true}]);
        assert_eq!(of(primary), Some((1, "b@x".into())));
        assert_eq!(of(json!([{"value": "a@x"}])), Some((0, "a@x".into())));
        for none in [
            json!([{"value": "a@x", "type": "home"}]),
            json!([{"value": "a@x"}, {"value": "b@x"}]),
            json!([{"value": " ", "type": "work"}]),
            json!([1, "x"]),
            json!("x"),
        ] {
            assert_eq!(of(none), None);
        }
    }
}
