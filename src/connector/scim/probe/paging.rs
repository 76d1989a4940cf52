//! How lists go on (RFC 7644 §3.4.2.4, RFC 9865), tried on users. A total is checked at its two sides: the last one is
//! there, and none comes after it.

use super::Prober;
use super::seen::{self, List, Listed};
use crate::model::Paging;

const TOO_FEW: &str = "Check again when the app has more users.";
const READ_ON: &str =
    "A sync reads what comes and takes nobody for gone because of it. Tell whoever makes the app.";

/// Two small pages in a row.
struct Steps {
    size: usize,
    first: List,
    second: List,
}

impl Steps {
    /// The second page begins after the first.
    fn moved(&self) -> bool {
        let (a, b) = (self.first.ids(), self.second.ids());
        !b.is_empty() && a.iter().take(self.size).all(|id| !b.contains(id))
    }

    /// The second page is the first again.
    fn stands_still(&self) -> bool {
        let (a, b) = (self.first.ids(), self.second.ids());
        !a.is_empty() && a.first() == b.first()
    }
}

impl Prober<'_> {
    pub(super) async fn paging(&mut self) {
        let read = self.users.len();
        if read < 2 {
            for id in ["paging.kind", "paging.size", "paging.totals"] {
                self.unknown(
                    id,
                    format!("With {read} users in the list it cannot be told."),
                    TOO_FEW,
                );
            }
            return;
        }
        let size = if read >= 4 { 2 } else { 1 };
        let first = self.users_from(1, size).await;
        let second = self.users_from(1 + size, size).await;
        let steps = match (first, second) {
            (Listed::List(first), Listed::List(second)) => Steps { size, first, second },
            (Listed::Refused(_, words) | Listed::Odd(words), _)
            | (_, Listed::Refused(_, words) | Listed::Odd(words)) => {
                self.unpaged(size, words).await;
                return;
            }
        };
        self.size(&steps);
        let by_index = self.kind(&steps).await;
        self.totals(&steps, by_index).await;
    }

    async fn users_from(&mut self, start: usize, count: usize) -> Listed {
        let (start, count) = (start.to_string(), count.to_string());
        let asked = self
            .get("Users", &[("startIndex", &start), ("count", &count)])
            .await;
        seen::list(self.app, &asked)
    }

    fn size(&mut self, steps: &Steps) {
        let (id, asked) = ("paging.size", steps.size);
        let most = steps.first.items.len().max(steps.second.items.len());
        if most > asked {
            self.warn(
                id,
                format!("Asked for {asked}, {most} came: the page size is ignored."),
                "Large directories may come in answers too large to read. Tell whoever makes the app.",
            );
        } else if steps.first.items.len() < asked {
            self.puzzled(
                id,
                format!(
                    "Asked for {asked}, {} came, though there are more.",
                    steps.first.items.len()
                ),
            );
        } else {
            self.ok(
                id,
                format!(
                    "Asked for {asked}, {asked} came; asked for {}, {} came.",
                    self.found.page_size,
                    self.users.len()
                ),
            );
        }
    }

    /// True: it goes on by `startIndex`.
    async fn kind(&mut self, steps: &Steps) -> bool {
        let id = "paging.kind";
        if steps.moved() {
            self.found.paging = Paging::Index;
            self.ok(
                id,
                "By startIndex and count: the second page begins after the first.",
            );
            return true;
        }
        if self.by_cursor(steps.size, Some(&steps.first)).await {
            return false;
        }
        let everything = steps.first.items.len() > steps.size;
        match (steps.stands_still(), everything) {
            (true, true) => self.warn(
                id,
                "There is no paging: everything comes at once, whatever is asked for.",
                "This works until the directory is too large for one answer. Tell whoever makes the app.",
            ),
            (true, false) => self.bad(
                id,
                "startIndex is ignored: each page is the first again.",
                "Only the first page can be read. Nobody is taken for gone because of it. Tell whoever makes the app.",
            ),
            (false, _) if steps.second.items.is_empty() => self.bad(
                id,
                "The second page is empty, though there are more.",
                "Only the first page can be read. Nobody is taken for gone because of it. Tell whoever makes the app.",
            ),
            (false, _) => self.puzzled(id, "The second page overlaps the first."),
        }
        false
    }

    /// Pages by index did not come at all.
    async fn unpaged(&mut self, size: usize, words: String) {
        let (kind, page, totals) = ("paging.kind", "paging.size", "paging.totals");
        if self.by_cursor(size, None).await {
            self.unknown(page, "Not tried with cursors.", "");
            self.unknown(totals, "Not tried with cursors.", "");
            return;
        }
        self.puzzled(kind, words);
        self.unknown(page, "Two pages in a row could not be read.", "");
        self.unknown(totals, "Two pages in a row could not be read.", "");
    }

    /// Whether it goes on by cursor; then it is said.
    async fn by_cursor(&mut self, size: usize, first: Option<&List>) -> bool {
        let count = size.to_string();
        let begun = match first.filter(|list| list.cursor.is_some()) {
            Some(list) => Some((list.cursor.clone(), list.ids())),
            None => {
                // RFC 9865 §2.1: an empty cursor asks for the first page.
                let asked = self.get("Users", &[("cursor", ""), ("count", &count)]).await;
                match seen::list(self.app, &asked) {
                    Listed::List(list) => Some((list.cursor.clone(), list.ids())),
                    Listed::Refused(..) | Listed::Odd(_) => None,
                }
            }
        };
        let Some((Some(cursor), before)) = begun else {
            return false;
        };
        let asked = self.get("Users", &[("cursor", &cursor), ("count", &count)]).await;
        let Listed::List(next) = seen::list(self.app, &asked) else {
            return false;
        };
        let after = next.ids();
        let moved = !after.is_empty() && after.iter().all(|id| !before.contains(id));
        if moved {
            self.found.paging = Paging::Cursor;
            self.ok(
                "paging.kind",
                "By cursor: startIndex does not go on, nextCursor does.",
            );
        }
        moved
    }

    async fn totals(&mut self, steps: &Steps, by_index: bool) {
        let (id, read) = ("paging.totals", self.users.len());
        let (Some(total), Some(a), Some(b)) = (self.total, steps.first.total, steps.second.total) else {
            self.warn(
                id,
                "The app does not say how many there are.",
                "Nothing has to be done: a list is read until nothing more comes.",
            );
            return;
        };
        if a != total || b != total {
            let said = format!("Three pages say three totals: {total}, {a} and {b}.");
            self.bad(id, said.replace("three totals", "different totals"), READ_ON);
            return;
        }
        if read as u64 > total {
            self.bad(
                id,
                format!("{total} users are announced, but {read} came."),
                READ_ON,
            );
            return;
        }
        if !by_index {
            if read as u64 == total && self.cursor.is_none() {
                self.ok(id, format!("{total} users are announced, and {total} came."));
            } else {
                let said = format!(
                    "{total} users are announced, {read} came on the first page; the rest was not counted."
                );
                self.unknown(id, said, "A sync counts them.");
            }
            return;
        }
        let end = usize::try_from(total).unwrap_or(usize::MAX - 1);
        let last = self.users_from(end, 1).await;
        let beyond = self.users_from(end.saturating_add(1), 1).await;
        match (last, beyond) {
            (Listed::List(last), _) if last.items.is_empty() => {
                self.bad(
                    id,
                    format!("{total} users are announced, but the last of them does not come."),
                    READ_ON,
                );
            }
            (Listed::List(last), Listed::List(beyond)) if self.repeats(&last, &beyond) => self.warn(
                id,
                format!("{total} users are announced; beyond the last of them, earlier ones come again."),
                "Nothing has to be done: a sync knows whom it has read.",
            ),
            (Listed::List(_), Listed::List(beyond)) if !beyond.items.is_empty() => {
                self.bad(
                    id,
                    format!("{total} users are announced, but more come."),
                    READ_ON,
                );
            }
            // Asking for what lies beyond the end may be refused: it is the end.
            (Listed::List(_), Listed::List(_) | Listed::Refused(400 | 404, _)) => {
                if (read as u64) < total && u32::try_from(read).is_ok_and(|n| n < self.found.page_size) {
                    self.found.page_given = u32::try_from(read).ok();
                }
                self.ok(
                    id,
                    format!("{total} users are announced: the last of them comes, and nobody after."),
                );
            }
            (Listed::Refused(_, words) | Listed::Odd(words), _)
            | (_, Listed::Refused(_, words) | Listed::Odd(words)) => {
                self.puzzled(id, words);
            }
        }
    }

    /// Whether a page beyond the end shows nobody but those who came before.
    fn repeats(&self, last: &List, beyond: &List) -> bool {
        let mut before = last.ids();
        before.extend(self.users.iter().filter_map(seen::id));
        let ids = beyond.ids();
        !ids.is_empty() && ids.iter().all(|id| before.contains(id))
    }
}
