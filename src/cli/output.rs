//! What people and scripts see: results on standard output, notes on standard error. Names from identity providers and apps
//! are shown here, so nothing that steers a terminal passes.

use std::io::{ErrorKind, Write};

use serde_json::Value;

use super::CliError;
use crate::web::ui::sent::quiet;

/// Where results and notes go.
pub struct Output<'a> {
    results: &'a mut dyn Write,
    notes: &'a mut dyn Write,
}

impl<'a> Output<'a> {
    /// Standard output and standard error, or what stands for them in a test.
    pub fn new(results: &'a mut dyn Write, notes: &'a mut dyn Write) -> Self {
        Self { results, notes }
    }

    /// A line of the result.
    pub(super) fn line(&mut self, text: &str) -> Result<(), CliError> {
        written(writeln!(self.results, "{}", quiet(text)))
    }

    /// A line beside the result, which `$(rollcall …)` does not catch.
    pub(super) fn note(&mut self, text: &str) {
        for line in text.lines() {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(self.notes, "{}", quiet(line));
        }
    }

    /// The result as scripts want it.
    pub(super) fn json(&mut self, value: &Value) -> Result<(), CliError> {
        written(writeln!(self.results, "{value}"))
    }

    /// Rows under headings; `none` instead when there are no rows.
    pub(super) fn table(&mut self, heads: &[&str], rows: &[Vec<String>], none: &str) -> Result<(), CliError> {
        if rows.is_empty() {
            return self.line(none);
        }
        let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
        let all: Vec<Vec<String>> = std::iter::once(&heads)
            .chain(rows)
            .map(|row| row.iter().map(|cell| quiet(cell)).collect())
            .collect();
        let width = |column: usize| {
            all.iter()
                .filter_map(|row| row.get(column))
                .map(|c| c.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        for row in &all {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            written(writeln!(self.results, "{}", cells.join("  ").trim_end()))?;
        }
        Ok(())
    }

    /// `name: value` lines, aligned.
    pub(super) fn fields(&mut self, fields: &[(&str, String)]) -> Result<(), CliError> {
        let width = fields.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
        fields.iter().try_for_each(|(name, value)| {
            self.line(format!("{:<width$}  {value}", format!("{name}:")).trim_end())
        })
    }
}

/// A reader that has seen enough (`| head -1`) is no failure.
fn written(result: std::io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shown(show: impl FnOnce(&mut Output<'_>)) -> (String, String) {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        show(&mut Output::new(&mut results, &mut notes));
        (
            String::from_utf8(results).unwrap(),
            String::from_utf8(notes).unwrap(),
        )
    }

    #[test]
    fn a_table_is_aligned_by_characters() {
        let rows = [
            vec!["ä".to_owned(), "1".to_owned()],
            vec!["long".to_owned(), String::new()],
        ];
        let (text, _) = shown(|out| out.table(&["A", "B"], &rows, "none").unwrap());
        assert_eq!(text, "A     B\nä     1\nlong\n");
        assert_eq!(
            shown(|out| out.table(&["A"], &[], "Nothing.").unwrap()).0,
            "Nothing.\n"
        );
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let evil = "\u{1b}[2Jx\u{202e}y\r\n";
        assert_eq!(
            shown(|out| out.line(evil).unwrap()).0,
            "\u{fffd}[2Jx\u{fffd}y\u{fffd}\u{fffd}\n"
        );
        assert_eq!(shown(|out| out.note("a\n\u{7}b")).1, "a\n\u{fffd}b\n");
        let (text, _) = shown(|out| out.table(&["A"], &[vec![evil.to_owned()]], "").unwrap());
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut notes = Vec::new();
        assert!(Output::new(&mut Closed, &mut notes).line("x").is_ok());
    }
}
