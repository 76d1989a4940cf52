//! When a certificate ends (RFC 5280 §4.1.2.5). Just enough DER to find that one field; trust is rustls's.

/// The end of a certificate in seconds since 1970; none when it is not understood.
pub(super) fn ends(der: &[u8]) -> Option<i64> {
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    // [0] is the version, which certificates of version 1 leave out.
    if fields.first() == Some(&0xa0) {
        fields = element(fields)?.2;
    }
    // Serial number, signature, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (_, validity, _) = element(fields)?;
    let (_, _, not_after) = element(validity)?;
    let (tag, text, _) = element(not_after)?;
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = match (tag, digits.len()) {
        // Two digits of the year: from 50 on they are of the last century.
        (0x17, 12) if *digits < *"50" => format!("20{digits}"),
        (0x17, 12) => format!("19{digits}"),
        (0x18, 14) => digits.to_owned(),
        _ => return None,
    };
    // "Never", as RFC 5280 §4.1.2.5 has it: the last second there is, which lies past the calendar of `jiff`.
    if whole == "99991231235959" {
        return Some(253_402_300_799);
    }
    let part = |from: usize| whole.get(from..from + 2);
    let (year, month, day) = (whole.get(..4)?, part(4)?, part(6)?);
    let (hour, minute, second) = (part(8)?, part(10)?, part(12)?);
    let at: jiff::Timestamp = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")
        .parse()
        .ok()?;
    Some(at.as_second())
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        let head = if length < 0x80 {
            vec![tag, length]
        } else {
            vec![tag, 0x81, length]
        };
        [head, content.to_vec()].concat()
    }

    fn certificate(version: bool, tag: u8, end: &str) -> Vec<u8> {
        let validity = [field(0x17, b"200101000000Z"), field(tag, end.as_bytes())].concat();
        let mut fields = if version {
            field(0xa0, &field(2, &[2]))
        } else {
            Vec::new()
        };
        for filler in [
            field(2, &[1; 20]),
            field(0x30, &[5, 0]),
            field(0x30, &[0x13; 100]),
        ] {
            fields.extend(filler);
        }
        fields.extend(field(0x30, &validity));
        field(0x30, &field(0x30, &fields))
    }

    #[test]
    fn the_end_is_found_in_both_forms() {
        for (version, tag, end, at) in [
            (true, 0x17, "300102030405Z", Some(1_893_553_445)),
            (false, 0x17, "300102030405Z", Some(1_893_553_445)),
            (true, 0x18, "20300102030405Z", Some(1_893_553_445)),
            (true, 0x17, "700101000000Z", Some(0)),
            (true, 0x18, "99991231235959Z", Some(253_402_300_799)),
            (true, 0x17, "301302030405Z", None),
            (true, 0x17, "30010203040é", None),
            (true, 0x18, "300102030405Z", None),
            (true, 0x0c, "300102030405Z", None),
        ] {
            assert_eq!(ends(&certificate(version, tag, end)), at, "{end}");
        }
    }

    #[test]
    fn what_is_cut_or_lies_about_its_length_says_nothing() {
        let whole = certificate(true, 0x17, "300102030405Z");
        for cut in 0..whole.len() {
            assert_eq!(ends(&whole[..cut]), None, "{cut}");
        }
        for lie in [
            &[0x30, 0x80][..],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
        ] {
            assert_eq!(ends(lie), None);
        }
    }
}
