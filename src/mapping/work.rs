//! Which of a user's e-mail addresses and phone numbers is the one at work: what templates send, what proposes that two
//! accounts are one person, and what a form for people shows. It never decides by itself who is who (DESIGN §1).

use serde_json::Value;

use crate::scim::Attributes;

/// Attributes of which one value is the one at work, after what a template calls it.
pub(super) const WORK: [(&str, &str); 2] = [("work_email", "emails"), ("work_phone", "phoneNumbers")];

/// The work e-mail: its place in the list, and the address as it is written. The first of type *work*; else the primary
/// one; else the only one, if it has no type.
#[must_use]
pub fn work_email(attributes: &Attributes) -> Option<(usize, &str)> {
    work(attributes, "emails")
}

/// The same of any attribute of [`WORK`]. A private address is nobody's at work for being the first.
pub(super) fn work<'a>(attributes: &'a Attributes, name: &str) -> Option<(usize, &'a str)> {
    let all = attributes.get(name)?.as_array()?;
    let is_untyped = |one: &Value| one.get("type").and_then(Value::as_str).is_none();
    let found = all
        .iter()
        .position(|one| is_of_type(one, "work"))
        .or_else(|| {
            all.iter()
                .position(|one| one.get("primary") == Some(&Value::Bool(true)))
        })
        .or_else(|| (all.len() == 1 && all.first().is_some_and(is_untyped)).then_some(0))?;
    let value = all.get(found)?.get("value")?.as_str()?.trim();
    (!value.is_empty()).then_some((found, value))
}

/// Whether an entry among several is the one of this type.
pub(super) fn is_of_type(entry: &Value, kind: &str) -> bool {
    entry
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|t| t.eq_ignore_ascii_case(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mapping::Onward;
    use crate::mapping::tests::user;
    use crate::model::Policies;
    use crate::model::policies::MapRow;
    use crate::scim::rules::Custom;
    use crate::scim::schema::ResourceType;

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

    #[test]
    fn a_template_sends_the_same_address_as_the_pages_show() {
        let policies = Policies {
            mapping: vec![MapRow {
                kind: ResourceType::User,
                path: "userName".into(),
                template: "{{ work_email|default(userName) }}".into(),
                required: false,
            }],
            ..Policies::default()
        };
        let sent = |emails: Value| {
            let ours = user(
                json!({ "userName": "ada", "emails": emails }),
                &["userName", "emails"],
            );
            Onward::new(&policies, Custom::none()).of(&ours).name
        };
        let home = json!({"value": "ada@home.example", "type": "home"});
        let main = json!({"value": "ada@corp.example", "primary": true});
        assert_eq!(sent(json!([home, main])), "ada@corp.example");
        assert_eq!(
            sent(json!([home])),
            "ada",
            "a private address goes nowhere as the one at work"
        );
    }
}
