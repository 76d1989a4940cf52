//! Lists that do not say what there is (RFC 7644 §3.4.2.4): totals that do not agree, pages that are short, nobody at all.

use serde_json::{Value, json};

/// What is changed in a ListResponse on its way, and by `Without` in a single resource. Anything else passes as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    /// `totalResults` is this.
    Total(u64),
    /// Only the first so many resources are there; the total stays.
    Short(usize),
    /// Nobody is there, and the total says so too.
    Empty,
    /// No resource has this attribute.
    Without(&'static str),
    /// Whoever has this userName or displayName is not there; the total stays.
    Hides(&'static str),
}

impl Lie {
    pub(super) fn tell(self, body: &mut Vec<u8>) {
        let Ok(Value::Object(mut list)) = serde_json::from_slice(body) else {
            return;
        };
        let Some(Value::Array(resources)) = list.get_mut("Resources") else {
            if let Self::Without(attribute) = self {
                list.shift_remove(attribute);
                *body = Value::Object(list).to_string().into_bytes();
            }
            return;
        };
        match self {
            Self::Total(_) => {}
            Self::Short(kept) => resources.truncate(kept),
            Self::Empty => resources.clear(),
            Self::Without(attribute) => {
                for object in resources.iter_mut().filter_map(Value::as_object_mut) {
                    object.shift_remove(attribute);
                }
            }
            Self::Hides(name) => resources.retain(|r| r["userName"] != name && r["displayName"] != name),
        }
        let shown = resources.len();
        list.insert("itemsPerPage".into(), json!(shown));
        match self {
            Self::Total(total) => list.insert("totalResults".into(), json!(total)),
            Self::Empty => list.insert("totalResults".into(), json!(0)),
            Self::Short(_) | Self::Without(_) | Self::Hides(_) => None,
        };
        *body = Value::Object(list).to_string().into_bytes();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_lie_and_what_is_no_list() {
        let page = json!({"totalResults": 3, "itemsPerPage": 2, "Resources": [{"id": "1", "x": 1}, 2]});
        for (lie, total, resources) in [
            (Lie::Total(9), 9, json!([{"id": "1", "x": 1}, 2])),
            (Lie::Short(1), 3, json!([{"id": "1", "x": 1}])),
            (Lie::Empty, 0, json!([])),
            (Lie::Without("id"), 3, json!([{"x": 1}, 2])),
            (Lie::Hides("a@b"), 3, json!([{"id": "1", "x": 1}, 2])),
        ] {
            let mut body = page.to_string().into_bytes();
            lie.tell(&mut body);
            let told: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&told["totalResults"], &told["Resources"]),
                (&json!(total), &resources)
            );
            assert_eq!(told["itemsPerPage"], resources.as_array().unwrap().len());
        }
        for other in ["{\"id\": \"1\"}", "no JSON", ""] {
            let mut body = other.as_bytes().to_vec();
            Lie::Empty.tell(&mut body);
            assert_eq!(body, other.as_bytes());
        }
        let mut page = json!({"Resources": [{"userName": "a@b"}, {"displayName": "a@b"}, {"userName": "c"}]})
            .to_string()
            .into_bytes();
        Lie::Hides("a@b").tell(&mut page);
        let told: Value = serde_json::from_slice(&page).unwrap();
        assert_eq!(told["Resources"], json!([{"userName": "c"}]));
        let mut single = json!({"id": "1", "members": []}).to_string().into_bytes();
        Lie::Without("members").tell(&mut single);
        assert_eq!(single, b"{\"id\":\"1\"}");
    }
}
