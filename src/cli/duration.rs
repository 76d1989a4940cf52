//! Spans of time as people type them: `90s`, `30m`, `1h`, `7d`, `now`.

/// Longest span: ten years.
const LONGEST: u64 = 3650 * 24 * 3600;

/// Seconds of a span; the error is for the person who typed it.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "use a number with s, m, h or d, such as 30m, 24h or 7d".to_owned();
    if text == "now" {
        return Ok(0);
    }
    let unit = text.chars().last().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(24 * 3600),
        _ => None,
    });
    let (digits, unit) = text
        .get(..text.len().saturating_sub(1))
        .zip(unit)
        .ok_or_else(wrong)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let span = digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit));
    span.filter(|span| *span <= LONGEST)
        .ok_or_else(|| "at most ten years".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(seconds("now"), Ok(0));
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("24h"), Ok(86_400));
        assert_eq!(seconds("3650d"), Ok(LONGEST));
        for bad in [
            "",
            "7",
            "d",
            "-1d",
            "+1d",
            "1w",
            "1.5h",
            "3651d",
            "99999999999999999999d",
            "1é",
        ] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
