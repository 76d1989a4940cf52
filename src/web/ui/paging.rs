//! Pages of a list: which one is asked for, and the links to its neighbours with everything else of the query kept.

use url::form_urlencoded::Serializer;

use super::form::Form;
use super::parts::Paging;
use super::words;

/// Rows of one page.
pub const ROWS: u64 = 50;
/// The last page that can be asked for.
const LAST: u64 = 100_000;

/// The rows before page `asked`, counted from 1.
#[must_use]
pub fn offset(asked: Option<u64>) -> u64 {
    (asked.unwrap_or(1).clamp(1, LAST) - 1) * ROWS
}

/// What a list is asked for.
pub struct Search {
    /// What was searched for; may be empty.
    pub query: String,
    /// The rows before its page.
    pub from: u64,
}

impl Search {
    /// Reads the query of the address.
    #[must_use]
    pub fn of(query: &Form) -> Self {
        Self {
            query: query.short("q", 100),
            from: offset(query.number("page")),
        }
    }

    /// Where the list stands that shows `rows` of `total`.
    #[must_use]
    pub fn paging(&self, address: &str, rows: usize, total: u64, noun: [&str; 2]) -> Paging {
        let query = [("q", self.query.as_str())];
        paging(address, &query, self.from, rows as u64, total, noun)
    }
}

/// Where a list of `total` stands that shows `rows` from `offset` on. `query`: what narrows it.
#[must_use]
pub fn paging(
    address: &str,
    query: &[(&str, &str)],
    offset: u64,
    rows: u64,
    total: u64,
    noun: [&str; 2],
) -> Paging {
    let page = offset / ROWS + 1;
    let link = |page: u64| link(address, query, ("page", &page.to_string()));
    let whole = words::count(total, noun[0], noun[1]);
    Paging {
        shown: if rows < total {
            format!(
                "{}–{} of {whole}",
                words::number(offset + 1),
                words::number(offset + rows)
            )
        } else {
            whole
        },
        previous: (page > 1).then(|| link(page - 1)),
        next: (offset + rows < total && rows > 0).then(|| link(page + 1)),
    }
}

/// An address with a query of what is not empty.
#[must_use]
pub fn link(address: &str, query: &[(&str, &str)], last: (&str, &str)) -> String {
    let mut text = Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        text.append_pair(name, value);
    }
    text.append_pair(last.0, last.1);
    format!("{address}?{}", text.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_keep_the_query() {
        let people = ["person", "people"];
        let middle = paging("/u", &[("q", "a&b"), ("state", "")], 50, 50, 120, people);
        assert_eq!(middle.shown, "51–100 of 120 people");
        assert_eq!(middle.previous.as_deref(), Some("/u?q=a%26b&page=1"));
        assert_eq!(middle.next.as_deref(), Some("/u?q=a%26b&page=3"));
        let only = paging("/u", &[], 0, 1, 1, people);
        assert_eq!(
            (only.shown.as_str(), only.previous, only.next),
            ("1 person", None, None)
        );
        assert_eq!((offset(None), offset(Some(0)), offset(Some(3))), (0, 0, 100));
        assert!(offset(Some(u64::MAX)) < u64::MAX / 2);
    }
}
