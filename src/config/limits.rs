//! `[limits]`: how much is let in, by one request and by all of them together. Each limit is one row: its names, what it
//! means, and the numbers it may be. What is past a limit is refused with its number by whoever holds it.

use crate::scim::rules;

/// All limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one request to a SCIM endpoint.
    pub request: rules::Limits,
    /// Most users, groups and memberships that one list may look at where no index helps.
    pub scan_rows: usize,
    /// Longest that such a list may take, in seconds.
    pub scan_seconds: usize,
    /// Most requests of one instance at once.
    pub in_flight: usize,
    /// Most requests of one key in a second; 0: as many as there are.
    pub per_second: usize,
    /// Most requests of one key at once after a pause; counts only beside `per_second`.
    pub burst: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: rules::Limits::default(),
            scan_rows: 500_000,
            scan_seconds: 2,
            in_flight: 256,
            per_second: 0,
            burst: 100,
        }
    }
}

/// One limit as it can be set.
pub struct Row {
    /// In the settings file: `limits.` and its key in the table `[limits]`.
    pub key: &'static str,
    /// Of `serve`, without the two dashes.
    pub flag: &'static str,
    /// What it means, for `--help`.
    pub help: &'static str,
    /// The least it may be.
    pub least: usize,
    /// The most it may be.
    pub most: usize,
    pub(super) field: fn(&mut Limits) -> &mut usize,
}

/// Every limit.
pub const ROWS: [Row; 14] = [
    Row {
        key: "limits.body_bytes",
        flag: "limits-body-bytes",
        help: "Largest request body, in bytes",
        least: 16 * 1024,
        most: 64 * 1024 * 1024,
        field: |l| &mut l.request.body_bytes,
    },
    Row {
        key: "limits.nesting",
        flag: "limits-nesting",
        help: "Deepest nesting of lists and objects in a body",
        least: 8,
        most: rules::Limits::MOST_NESTING,
        field: |l| &mut l.request.nesting,
    },
    Row {
        key: "limits.filter_bytes",
        flag: "limits-filter-bytes",
        help: "Longest filter, in bytes",
        least: 256,
        most: 64 * 1024,
        field: |l| &mut l.request.filter_bytes,
    },
    Row {
        key: "limits.filter_terms",
        flag: "limits-filter-terms",
        help: "Most comparisons in one filter",
        least: 10,
        most: 10_000,
        field: |l| &mut l.request.filter_terms,
    },
    Row {
        key: "limits.filter_depth",
        flag: "limits-filter-depth",
        help: "Deepest nesting of groups in a filter",
        least: 2,
        most: rules::Limits::MOST_FILTER_DEPTH,
        field: |l| &mut l.request.filter_depth,
    },
    Row {
        key: "limits.patch_operations",
        flag: "limits-patch-operations",
        help: "Most operations in one PATCH",
        least: 10,
        most: 100_000,
        field: |l| &mut l.request.patch_operations,
    },
    Row {
        key: "limits.bulk_operations",
        flag: "limits-bulk-operations",
        help: "Most operations in one bulk request",
        least: 1,
        most: 10_000,
        field: |l| &mut l.request.bulk_operations,
    },
    Row {
        key: "limits.members",
        flag: "limits-members",
        help: "Most members that one request may name",
        least: 100,
        most: 1_000_000,
        field: |l| &mut l.request.members,
    },
    Row {
        key: "limits.results",
        flag: "limits-results",
        help: "Most resources on one page of a list",
        least: 100,
        most: 10_000,
        field: |l| &mut l.request.results,
    },
    Row {
        key: "limits.scan_rows",
        flag: "limits-scan-rows",
        help: "Most users, groups and memberships that a list may look at where no index helps",
        least: 10_000,
        most: 100_000_000,
        field: |l| &mut l.scan_rows,
    },
    Row {
        key: "limits.scan_seconds",
        flag: "limits-scan-seconds",
        help: "Longest that such a list may take, in seconds",
        least: 1,
        most: 60,
        field: |l| &mut l.scan_seconds,
    },
    Row {
        key: "limits.in_flight",
        flag: "limits-in-flight",
        help: "Most requests of one instance at once",
        least: 8,
        most: 100_000,
        field: |l| &mut l.in_flight,
    },
    Row {
        key: "limits.per_second",
        flag: "limits-per-second",
        help: "Most requests of one key in a second; 0: no limit",
        least: 0,
        most: 100_000,
        field: |l| &mut l.per_second,
    },
    Row {
        key: "limits.burst",
        flag: "limits-burst",
        help: "Most requests of one key at once after a pause, where there is a limit per second",
        least: 1,
        most: 1_000_000,
        field: |l| &mut l.burst,
    },
];

impl Row {
    /// What it is unless it is set.
    #[must_use]
    pub fn default(&self) -> usize {
        *(self.field)(&mut Limits::default())
    }

    pub(super) fn set(&self, limits: &mut Limits, number: usize) {
        *(self.field)(limits) = number;
    }

    /// The number that `text` is; else what it should be.
    pub(super) fn number(&self, text: &str) -> Result<usize, String> {
        let (least, most) = (self.least, self.most);
        text.parse()
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("a whole number from {least} to {most}"))
    }
}
