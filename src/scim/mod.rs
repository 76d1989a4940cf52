//! The SCIM 2.0 protocol core (RFC 7643, RFC 7644).
