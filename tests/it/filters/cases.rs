//! Filters that ask for what is there: each comparison is made of a value that somebody has, as it is, cut, in other
//! capitals or of somebody else. From a seed, so that a difference can be seen again.

use rollcall::scim::Attributes;
use serde_json::Value;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:";

/// Splitmix64: the same numbers everywhere and for ever.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

/// A whole filter.
pub fn filter(random: &mut Random, documents: &[Attributes]) -> String {
    expression(random, documents, 3)
}

/// Whether the RFC's grammar has it; else only we read it.
pub fn is_of_the_rfc(text: &str) -> bool {
    !text.contains("].")
}

/// A filter with one character taken out, doubled or put elsewhere. Not a colon: what then is a URN and what a name is
/// nothing to agree on.
pub fn spoilt(random: &mut Random, documents: &[Attributes]) -> String {
    let mut text: Vec<char> = expression(random, documents, 2).chars().collect();
    let at = random.below(text.len() as u64) as usize;
    if text[at] == ':' {
        return spoilt(random, documents);
    }
    match random.below(4) {
        0 => drop(text.remove(at)),
        1 => text.insert(at, text[at]),
        2 => text.insert(
            at,
            *random.of(&['(', ')', '[', ']', '"', '.', ' ', '-', '0', 'e', '\\']),
        ),
        _ => {
            let moved = text.remove(at);
            let to = random.below(text.len() as u64 + 1) as usize;
            text.insert(to, moved);
        }
    }
    text.into_iter().collect()
}

fn expression(random: &mut Random, documents: &[Attributes], depth: u32) -> String {
    let inner = |random: &mut Random| expression(random, documents, depth - 1);
    match random.below(if depth == 0 { 50 } else { 100 }) {
        0..50 => term(random, documents),
        50..62 => format!(
            "{} {} {}",
            inner(random),
            random.of(&["and", "AND"]),
            inner(random)
        ),
        62..76 => format!("{} {} {}", inner(random), random.of(&["or", "Or"]), inner(random)),
        76..86 => format!("{} ({})", random.of(&["not", "Not"]), inner(random)),
        86..93 => format!("({}) and {}", inner(random), inner(random)),
        _ => format!("{} and ({} or {})", inner(random), inner(random), inner(random)),
    }
}

fn term(random: &mut Random, documents: &[Attributes]) -> String {
    let document = random.of(documents);
    if random.one_in(5)
        && let Some(found) = value_path(random, document)
    {
        return found;
    }
    if random.one_in(20) {
        let name = *random.of(&[
            "foo",
            "userName.value",
            "members.value",
            "emails.foo",
            "nickName",
            "urn:x:y:z",
            "name",
        ]);
        return match random.below(3) {
            0 => format!("{name} pr"),
            1 => format!("{name} {} null", random.of(&["eq", "ne"])),
            _ => format!("{name} {} \"x\"", operator(random)),
        };
    }
    let leaves = leaves(document);
    let (path, value) = random.of(&leaves);
    // Somebody else's value makes the comparison say something about order.
    let other = leaves_at(random.of(documents), path);
    let value = if random.one_in(3) {
        other.unwrap_or(value.clone())
    } else {
        value.clone()
    };
    let of_groups = path.starts_with("members") || !document.contains_key("userName");
    let path = spelt(random, path, of_groups);
    comparison(random, &path, &value)
}

/// The path as one of the spellings that lead there.
fn spelt(random: &mut Random, path: &str, of_groups: bool) -> String {
    let path = match path.strip_prefix(ENTERPRISE) {
        Some(bare) if random.one_in(4) => bare.to_owned(),
        None if !path.contains(':') && random.one_in(8) => {
            format!(
                "{}:{path}",
                if of_groups {
                    USER.replace("User", "Group")
                } else {
                    USER.to_owned()
                }
            )
        }
        Some(_) | None => path.to_owned(),
    };
    // `emails` alone stands for its values.
    let path = match path.strip_suffix(".value") {
        Some(whole) if random.one_in(3) => whole.to_owned(),
        Some(_) | None => path,
    };
    if random.one_in(6) {
        any_case(random, &path)
    } else {
        path
    }
}

fn any_case(random: &mut Random, text: &str) -> String {
    match random.below(3) {
        0 => text.to_lowercase(),
        1 => text.to_uppercase(),
        _ => text
            .chars()
            .enumerate()
            .map(|(n, c)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c })
            .collect(),
    }
}

fn comparison(random: &mut Random, path: &str, value: &Value) -> String {
    if random.one_in(12) {
        return format!("{path} {}", random.of(&["pr", "PR"]));
    }
    if random.one_in(30) {
        let literal = *random.of(&["null", "5", "\"\"", "\"no such value\""]);
        return format!("{path} {} {literal}", random.of(&["eq", "ne"]));
    }
    let op = operator(random);
    match value {
        Value::String(text) if text.len() >= 20 && text.as_bytes()[10] == b'T' => {
            format!("{path} {op} {}", quoted(&time(random, &op, text)))
        }
        Value::String(text) => format!("{path} {op} {}", quoted(&cut(random, &op, text))),
        Value::Bool(flag) => {
            let flag = *flag ^ random.one_in(3);
            let literal = if random.one_in(6) {
                quoted(&any_case(random, &flag.to_string()))
            } else {
                flag.to_string()
            };
            format!("{path} {} {literal}", random.of(&["eq", "ne"]))
        }
        Value::Number(number) => {
            let off = *random.of(&["", "", "", ".5", "e1"]);
            let text = number.to_string();
            let literal = if text.contains('.') {
                text
            } else {
                format!("{text}{off}")
            };
            format!(
                "{path} {} {literal}",
                random.of(&["eq", "ne", "gt", "ge", "lt", "le", "co"])
            )
        }
        Value::Null | Value::Array(_) | Value::Object(_) => format!("{path} pr"),
    }
}

fn operator(random: &mut Random) -> String {
    let op = *random.of(&["eq", "eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    if random.one_in(10) {
        op.to_uppercase()
    } else {
        op.to_owned()
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// As much of a text as the operator looks at, perhaps in other capitals.
fn cut(random: &mut Random, op: &str, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut from, mut to) = (0, chars.len());
    let some = |random: &mut Random| random.below(chars.len() as u64 + 1) as usize;
    match op.to_ascii_lowercase().as_str() {
        "co" => {
            from = some(random);
            to = from + some(random).min(chars.len() - from);
        }
        "sw" => to = some(random),
        "ew" => from = some(random),
        "gt" | "ge" | "lt" | "le" if random.one_in(2) => to = some(random),
        _ => {}
    }
    let part: String = chars[from..to].iter().collect();
    if random.one_in(3) {
        any_case(random, &part)
    } else {
        part
    }
}

/// The same instant in another form, or a piece of its text.
fn time(random: &mut Random, op: &str, text: &str) -> String {
    if matches!(op.to_ascii_lowercase().as_str(), "co" | "sw" | "ew") {
        return cut(random, op, text);
    }
    let seconds = &text[..19];
    match random.below(6) {
        0 => format!("{seconds}Z"),
        1 => format!("{seconds}.000+00:00"),
        // Two hours earlier, for it is told in a zone that is ahead.
        2 => format!("{seconds}+02:00"),
        3 => format!("{seconds}-11:30"),
        4 => "yesterday".to_owned(),
        _ => text.to_owned(),
    }
}

/// `emails[type eq "work" and …]` with the parts of one value of the document.
fn value_path(random: &mut Random, document: &Attributes) -> Option<String> {
    let lists: Vec<(&String, &Vec<Value>)> = document
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_array()?)))
        .filter(|(_, values)| values.first().is_some_and(Value::is_object))
        .collect();
    if lists.is_empty() {
        return None;
    }
    let (name, values) = *random.of(&lists);
    let value = random.of(values).as_object()?;
    let mut parts: Vec<String> = Vec::new();
    for _ in 0..=random.below(3) {
        let names: Vec<&String> = value.keys().filter(|name| *name != "$ref").collect();
        let sub = *random.of(&names);
        let part = comparison(random, sub, &value[sub]);
        parts.push(if random.one_in(8) {
            format!("not ({part})")
        } else {
            part
        });
    }
    let inside = parts.join(*random.of(&[" and ", " and ", " or "]));
    let after = match random.below(20) {
        // Beyond the RFC: Entra's form.
        0 => format!(
            ".value {} {}",
            operator(random),
            quoted(value.get("value")?.as_str()?)
        ),
        _ => String::new(),
    };
    Some(format!("{name}[{inside}]{after}"))
}

/// Every path that has a simple value, and the value.
fn leaves(document: &Attributes) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in document {
        let separator = if name.contains(':') { ":" } else { "." };
        collect(name, value, separator, &mut found);
    }
    // Nobody filters by addresses of this server, and a scan does not make them.
    found.retain(|(path, _)| !path.ends_with("$ref") && path != "meta.location");
    found
}

fn collect(path: &str, value: &Value, separator: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(parts) => {
            for (name, part) in parts {
                collect(&format!("{path}{separator}{name}"), part, ".", found);
            }
        }
        Value::Array(values) => values.iter().for_each(|one| collect(path, one, separator, found)),
        simple => found.push((path.to_owned(), simple.clone())),
    }
}

fn leaves_at(document: &Attributes, path: &str) -> Option<Value> {
    leaves(document)
        .into_iter()
        .find(|(found, _)| found == path)
        .map(|(_, value)| value)
}
