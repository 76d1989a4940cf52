//! The words of the request log: what stands behind a refusal, and how far a provider has come.

macro_rules! words {
    ($(#[$about:meta])* $noun:ident { $($(#[$doc:meta])+ $variant:ident $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $noun { $($(#[$doc])+ $variant,)+ }

        impl $noun {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database and in answers of the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word that `as_str` writes.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What stands behind a refusal. The first nine all look the same to the caller: 401, byte for byte.
    Why {
        /// No `Authorization` header.
        NoKey "no_key",
        /// The key stands alone in the header, without `Bearer` before it.
        NoBearer "no_bearer",
        /// Another scheme, such as `Basic`.
        OtherScheme "other_scheme",
        /// A JSON Web Token: Entra sends one of its own when its field for the secret is blank.
        Jwt "jwt",
        /// Not of the form of our keys: cut off, mistyped, another product's.
        Malformed "malformed",
        /// Of the form of our keys, but nobody knows it.
        Unknown "unknown",
        /// A key of another instance.
        Foreign "foreign",
        /// A key of this instance that has ended.
        Expired "expired",
        /// A key of this instance that was revoked.
        Revoked "revoked",
        /// The instance is switched off.
        Disabled "disabled",
        /// Too many requests of this instance are under way.
        Crowded "crowded",
        /// Too many requests with this key in a second.
        TooFast "too_fast",
        /// The body did not arrive in time.
        Slow "slow",
        /// No endpoint has this path.
        NoEndpoint "no_endpoint",
        /// The caller hung up before the answer.
        Gone "gone",
    }
}

words! {
    /// How far a provider has come with an instance.
    Milestone {
        /// Any request at all.
        Reached "first_request",
        /// A request with a key that opens.
        Authenticated "first_key",
        /// A user, or a list of them, was read.
        UserRead "first_user_read",
        /// A user was made.
        UserCreated "first_user_created",
        /// A group was made or changed.
        GroupPushed "first_group_pushed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for why in Why::ALL {
            assert_eq!(Why::parse(why.as_str()), Some(*why));
        }
        assert_eq!(Milestone::parse("first_key"), Some(Milestone::Authenticated));
        assert_eq!(Why::parse(""), None);
    }
}
