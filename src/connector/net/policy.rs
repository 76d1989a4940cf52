//! Which addresses a request may go to. Pure tables over IANA's special-purpose registries (RFC 6890 and its
//! successors); resolving names is `resolve`'s. An address that carries another one (v4-mapped, NAT64, 6to4, Teredo)
//! is judged by what it carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// What an address is to us; later ones are worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Class {
    /// On the internet.
    Public,
    /// Inside somebody's network or this machine: only with the setting.
    Private,
    /// Nobody's own app can live there: never.
    Unusable,
    /// Hands out the machine's own credentials: never.
    Metadata,
}

use Class::{Metadata, Private, Unusable};

const fn v4(a: u8, b: u8, c: u8, d: u8, len: u8, class: Class) -> (Ipv4Net, Class) {
    (Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), len), class)
}

const fn v6(high: [u16; 4], len: u8, class: Class) -> (Ipv6Net, Class) {
    (
        Ipv6Net::new_assert(Ipv6Addr::new(high[0], high[1], high[2], high[3], 0, 0, 0, 0), len),
        class,
    )
}

/// First match wins; no match is public.
const V4: &[(Ipv4Net, Class)] = &[
    // All of link-local: clouds keep their metadata services there, not only at 169.254.169.254.
    v4(169, 254, 0, 0, 16, Metadata),
    v4(100, 100, 100, 200, 32, Metadata),
    v4(168, 63, 129, 16, 32, Metadata),
    v4(192, 0, 0, 192, 32, Metadata),
    v4(10, 0, 0, 0, 8, Private),
    v4(172, 16, 0, 0, 12, Private),
    v4(192, 168, 0, 0, 16, Private),
    v4(127, 0, 0, 0, 8, Private),
    v4(100, 64, 0, 0, 10, Private),
    v4(198, 18, 0, 0, 15, Private),
    v4(0, 0, 0, 0, 8, Unusable),
    v4(192, 0, 0, 0, 24, Unusable),
    v4(192, 0, 2, 0, 24, Unusable),
    v4(198, 51, 100, 0, 24, Unusable),
    v4(203, 0, 113, 0, 24, Unusable),
    v4(192, 88, 99, 0, 24, Unusable),
    v4(224, 0, 0, 0, 4, Unusable),
    v4(240, 0, 0, 0, 4, Unusable),
];

/// First match wins; no match is public within 2000::/3 and unusable outside.
const V6: &[(Ipv6Net, Class)] = &[
    v6([0xfe80, 0, 0, 0], 10, Metadata),
    v6([0xfd00, 0x0ec2, 0, 0], 32, Metadata),
    v6([0xfd20, 0x00ce, 0, 0], 32, Metadata),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), Private),
    v6([0xfc00, 0, 0, 0], 7, Private),
    v6([0xfec0, 0, 0, 0], 10, Private),
    v6([0x2001, 0x0002, 0, 0], 48, Private),
    v6([0x2001, 0x0010, 0, 0], 28, Unusable),
    v6([0x2001, 0x0020, 0, 0], 28, Unusable),
    v6([0x2001, 0x0db8, 0, 0], 32, Unusable),
    v6([0x3fff, 0, 0, 0], 20, Unusable),
];

const GLOBAL: Ipv6Net = v6([0x2000, 0, 0, 0], 3, Class::Public).0;

/// Names under which clouds serve credentials, whatever they resolve to.
const METADATA_NAMES: &[&str] = &[
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.com",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
    "instance-data",
    "instance-data.ec2.internal",
];

/// What `address` is to us.
#[must_use]
pub(super) fn classify(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(a) => V4
            .iter()
            .find(|(net, _)| net.contains(&a))
            .map_or(Class::Public, |(_, class)| *class),
        IpAddr::V6(a) => classify_v6(a),
    }
}

fn classify_v6(a: Ipv6Addr) -> Class {
    if let Some((_, class)) = V6.iter().find(|(net, _)| net.contains(&a)) {
        return *class;
    }
    let s = a.segments();
    let low = embedded(s[6], s[7]);
    match s {
        // v4-mapped, and NAT64 with the well-known prefix.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => low,
        // 6to4: the v4 address of the relay follows the prefix.
        [0x2002, high, next, ..] => embedded(high, next).max(isatap(s)),
        // Teredo: the server's address, and the client's with every bit turned.
        [0x2001, 0, server, next, ..] => embedded(server, next).max(embedded(!s[6], !s[7])),
        _ if GLOBAL.contains(&a) => isatap(s),
        _ => Unusable,
    }
}

/// ISATAP (RFC 5214) hides a v4 address in the last 32 bits.
fn isatap(s: [u16; 8]) -> Class {
    if matches!(s[4], 0 | 0x0200) && s[5] == 0x5efe {
        embedded(s[6], s[7])
    } else {
        Class::Public
    }
}

fn embedded(high: u16, low: u16) -> Class {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    classify(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
}

/// Why a request to `address` is refused; none: it may go.
///
/// Plain http goes to private addresses only: a token is never sent readable over the internet.
#[must_use]
pub(super) fn refusal(address: IpAddr, https: bool, allow_private: bool) -> Option<String> {
    match classify(address) {
        Class::Public if https => None,
        Class::Public => Some(format!("{address} is on the internet, where only https is used")),
        Private if allow_private => None,
        Private => Some(format!(
            "{address} is a private address, which only the setting --allow-private-targets permits"
        )),
        Unusable => Some(format!("{address} is no address an app can have")),
        Metadata => Some(format!("{address} belongs to a cloud's metadata service")),
    }
}

/// The same for a name, before it is resolved.
#[must_use]
pub(super) fn refused_name(name: &str) -> Option<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    METADATA_NAMES
        .contains(&name.as_str())
        .then(|| format!("{name} belongs to a cloud's metadata service"))
}

/// What a URL must be before anything is sent: absolute http(s), no user name, no fragment.
///
/// # Errors
/// A phrase for people.
pub fn well_formed(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("it is not a complete URL ({e})"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err("it must begin with https://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it contains a user name or password".into());
    }
    if url.fragment().is_some() {
        return Err("it contains a # part".into());
    }
    match url.host() {
        Some(Host::Domain(name)) if name.trim_matches('.').is_empty() => Err("it has no host".into()),
        None => Err("it has no host".into()),
        Some(_) => Ok(url),
    }
}

/// Whether both URLs have the same scheme, host and port (RFC 6454).
#[must_use]
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Host, with the port when one is written: what people recognise.
#[must_use]
pub fn label(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.into(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn addresses_fall_into_their_class() {
        let table: &[(Class, &[&str])] = &[
            (
                Class::Public,
                &[
                    "8.8.8.8",
                    "172.32.0.1",
                    "100.128.0.1",
                    "11.0.0.1",
                    "2606:4700::1111",
                    "2a00:1450::1",
                ],
            ),
            (
                Class::Public,
                &["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"],
            ),
            (
                Private,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.1.1",
                    "127.0.0.1",
                    "127.255.255.255",
                ],
            ),
            (
                Private,
                &[
                    "100.64.0.1",
                    "100.127.255.255",
                    "198.18.0.1",
                    "198.19.255.255",
                    "::1",
                    "fc00::1",
                    "fdff::1",
                    "fec0::1",
                ],
            ),
            (
                Private,
                &[
                    "::ffff:10.0.0.1",
                    "::ffff:127.0.0.1",
                    "64:ff9b::10.0.0.1",
                    "2002:a00:1::1",
                    "2002:7f00:1::",
                ],
            ),
            // Teredo: client 192.168.0.1 with its bits turned, behind a public server.
            (
                Private,
                &["2001:0:808:808::3f57:fffe", "2001:2::1", "2606::5efe:10.0.0.1"],
            ),
            (
                Unusable,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "224.0.0.1",
                    "239.1.1.1",
                    "255.255.255.255",
                    "240.0.0.1",
                    "192.0.2.1",
                ],
            ),
            (
                Unusable,
                &[
                    "198.51.100.7",
                    "203.0.113.7",
                    "192.0.0.1",
                    "192.88.99.1",
                    "::",
                    "ff02::1",
                    "2001:db8::1",
                ],
            ),
            (
                Unusable,
                &[
                    "::10.0.0.1",
                    "::8.8.8.8",
                    "100::1",
                    "64:ff9b:1::1",
                    "3fff::1",
                    "5f00::1",
                    "::ffff:0.0.0.0",
                ],
            ),
            (
                Metadata,
                &[
                    "169.254.169.254",
                    "169.254.170.2",
                    "100.100.100.200",
                    "168.63.129.16",
                    "192.0.0.192",
                ],
            ),
            (
                Metadata,
                &[
                    "fd00:ec2::254",
                    "fd20:ce::254",
                    "fe80::a9fe:a9fe",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                ],
            ),
            (Metadata, &["2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1"]),
        ];
        for (class, addresses) in table {
            for a in *addresses {
                assert_eq!(classify(a.parse().unwrap()), *class, "{a}");
            }
        }
    }

    #[test]
    fn metadata_is_refused_under_every_setting() {
        for a in [
            "169.254.169.254",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "0.0.0.0",
        ] {
            assert!(refusal(a.parse().unwrap(), true, true).is_some(), "{a}");
        }
        assert!(refused_name("Metadata.Google.Internal.").is_some());
        assert!(refused_name("example.com").is_none());
    }

    #[test]
    fn http_stays_inside() {
        let (inside, outside) = ("10.0.0.1".parse().unwrap(), "8.8.8.8".parse().unwrap());
        assert!(refusal(inside, false, true).is_none());
        assert!(refusal(inside, false, false).is_some());
        assert!(refusal(inside, true, false).is_some());
        assert!(refusal(outside, false, true).is_some());
        assert!(refusal(outside, true, false).is_none());
    }

    #[test]
    fn urls_are_refused_by_form() {
        for bad in [
            "",
            "example.com/scim",
            "ftp://example.com",
            "https://u:p@example.com",
            "https://u@example.com",
            "https://",
            "https://./x",
        ] {
            assert!(well_formed(bad).is_err(), "{bad}");
        }
        assert!(well_formed("https://example.com/scim#x").is_err());
        // Odd spellings of an address are normalised before they are judged.
        for (odd, plain) in [
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://127.1/", "127.0.0.1"),
        ] {
            assert_eq!(well_formed(odd).unwrap().host_str(), Some(plain));
        }
    }
}
