#![expect(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};

use super::*;

fn attributes(emails: Value) -> Attributes {
    Attributes::from_iter([("emails".to_owned(), emails)])
}

#[test]
fn the_work_address_alone_is_edited() {
    let both = attributes(
        json!([{"value": "h@x", "type": "home"}, {"value": "w@x", "type": "work", "display": "W"}]),
    );
    assert_eq!(
        with_work_email(&both, "new@x").unwrap(),
        json!([{"value": "h@x", "type": "home"}, {"value": "new@x", "type": "work", "display": "W"}])
    );
    assert_eq!(
        with_work_email(&both, "").unwrap(),
        json!([{"value": "h@x", "type": "home"}])
    );
    let none = Attributes::new();
    assert_eq!(with_work_email(&none, ""), None);
    assert_eq!(
        with_work_email(&none, "w@x").unwrap(),
        json!([{"value": "w@x", "type": "work", "primary": true}])
    );
    let home = attributes(json!([{"value": "h@x", "type": "home"}]));
    assert_eq!(with_work_email(&home, "w@x").unwrap()[1]["primary"], json!(false));
}

#[test]
fn a_refusal_names_its_operation() {
    let error = ScimError::invalid_value("Operation 2: 'title' has to be a text.");
    assert_eq!(
        (operation(&error), said(&error)),
        (Some(2), "'title' has to be a text.")
    );
    let plain = ScimError::invalid_value("A User has to have a userName.");
    assert_eq!(
        (operation(&plain), said(&plain)),
        (None, "A User has to have a userName.")
    );
}
