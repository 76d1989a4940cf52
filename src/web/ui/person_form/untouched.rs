//! Fields of a form that were sent back as they were shown: they keep what is stored, and are nobody's change.

/// Takes the stored text wherever only line breaks tell the sent one from it: browsers send none from a field of one line.
pub(super) fn keep(sent: &mut [String], stored: &[String]) {
    for (sent, stored) in sent.iter_mut().zip(stored) {
        if in_one_line(sent) == in_one_line(stored) {
            sent.clone_from(stored);
        }
    }
}

fn in_one_line(text: &str) -> String {
    text.replace(['\r', '\n'], "").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_was_left_alone_keeps_its_lines() {
        let stored = ["Head of\r\nSales\tand more", " a", "b", ""].map(String::from);
        let mut sent = ["Head ofSales\tand more", "a", "c", " "].map(String::from);
        keep(&mut sent, &stored);
        assert_eq!(sent, ["Head of\r\nSales\tand more", " a", "c", ""]);
    }
}
