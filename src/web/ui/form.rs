//! Fields of a form or query, as they were sent: bounded, and never printed.

use actix_web::web::Payload;
use futures_util::StreamExt;
use url::form_urlencoded;

use super::fail::Fail;
use crate::secret::Secret;

/// Longest body of a form, in bytes. The largest is the list of held removals, all chosen.
const BODY: usize = 64 * 1024;
/// Longest query, in bytes.
const QUERY: usize = 4 * 1024;
/// Most fields.
const FIELDS: usize = 1000;

/// Fields in the order they were sent.
#[derive(Default)]
pub struct Form(Vec<(String, Secret)>);

impl Form {
    /// Reads the body of a POST.
    ///
    /// # Errors
    /// `Form` when it is another kind of body, too long or broken off.
    pub async fn of_body(content_type: &str, mut body: Payload) -> Result<Self, Fail> {
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| Fail::Form)?;
            if bytes.len() + chunk.len() > BODY {
                return Err(Fail::Form);
            }
            bytes.extend_from_slice(&chunk);
        }
        let plain = content_type.split(';').next().unwrap_or_default().trim();
        if !bytes.is_empty() && !plain.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Fail::Form);
        }
        Ok(Self::parse(&bytes))
    }

    /// Reads a query string; too long a one is no query.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        if query.len() > QUERY {
            Self::default()
        } else {
            Self::parse(query.as_bytes())
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let fields = form_urlencoded::parse(bytes).take(FIELDS);
        Self(
            fields
                .map(|(name, value)| (name.into_owned(), Secret::new(value.into_owned())))
                .collect(),
        )
    }

    /// The field's value, blanks around it cut; empty when it was not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.whole(name).trim()
    }

    /// The field's value as it was sent; empty when it was not.
    #[must_use]
    pub fn whole(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v.expose())
    }

    /// A value that nobody may see again, as it was sent.
    #[must_use]
    pub fn secret(&self, name: &str) -> Secret {
        Secret::new(self.whole(name).to_owned())
    }

    /// Whether a box was ticked.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// A whole number; none when it isn't one.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).parse().ok()
    }

    /// All whole numbers under this name.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Vec<i64> {
        self.0
            .iter()
            .filter(|(n, _)| n == name)
            .filter_map(|(_, v)| v.expose().parse().ok())
            .collect()
    }

    /// All values under this name that are not blank.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.expose().trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The value, cut to `most` characters: for what is searched for.
    #[must_use]
    pub fn short(&self, name: &str, most: usize) -> String {
        self.text(name).chars().take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_bounded_and_decoded() {
        let form = Form::of_query("a=%20x+y%20&id=1&id=zwei&id=3&b=on");
        assert_eq!(
            (form.text("a"), form.whole("a"), form.text("none")),
            ("x y", " x y ", "")
        );
        assert_eq!(form.numbers("id"), [1, 3]);
        assert!(form.ticked("b") && !form.ticked("c"));
        assert_eq!(form.short("a", 1), "x");
        assert!(Form::of_query(&"a=1&".repeat(2000)).0.is_empty());
        assert_eq!(Form::parse("a=1&".repeat(2000).as_bytes()).0.len(), FIELDS);
    }
}
