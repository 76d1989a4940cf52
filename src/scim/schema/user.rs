//! The core User schema: RFC 7643 §4.1, without `password`.
use super::{Attribute, Schema, Type};
use crate::scim::urn;

/// `urn:ietf:params:scim:schemas:core:2.0:User`.
pub(super) static USER: Schema = Schema {
    urn: urn::USER,
    name: "User",
    description: "A user account.",
    attributes: &[
        Attribute::string("userName", "What the user signs in with.")
            .required()
            .unique(),
        Attribute::complex("name", NAME, "The parts of the user's name."),
        Attribute::string("displayName", "The name of the user for people."),
        Attribute::string("nickName", "What the user is called casually."),
        Attribute::reference(
            "profileUrl",
            &["external"],
            "The URL of the user's online profile.",
        ),
        Attribute::string("title", "The user's title, such as \"Vice President\"."),
        Attribute::string(
            "userType",
            "How the user relates to the organization, such as \"Contractor\".",
        ),
        Attribute::string(
            "preferredLanguage",
            "The user's preferred languages, as in Accept-Language.",
        ),
        Attribute::string("locale", "The user's locale, such as \"en-US\"."),
        Attribute::string("timezone", "The user's time zone, such as \"Europe/Paris\"."),
        Attribute::boolean(
            "active",
            "Whether the user may use the service. A user without it is active.",
        ),
        Attribute::complex("emails", EMAILS, "E-mail addresses.").many(),
        Attribute::complex("phoneNumbers", PHONE_NUMBERS, "Telephone numbers.").many(),
        Attribute::complex("ims", IMS, "Instant messaging addresses.").many(),
        Attribute::complex("photos", PHOTOS, "URLs of photos of the user.").many(),
        Attribute::complex("addresses", ADDRESSES, "Postal addresses.").many(),
        Attribute::complex(
            "groups",
            GROUPS,
            "The groups the user is in. Changed through the groups alone.",
        )
        .many()
        .read_only(),
        Attribute::complex("entitlements", VALUES, "What the user is entitled to.").many(),
        Attribute::complex("roles", VALUES, "The user's roles.").many(),
        Attribute::complex("x509Certificates", CERTIFICATES, "The user's certificates.").many(),
    ],
};

const DISPLAY: Attribute = Attribute::string("display", "The value for people.");
const TYPE: Attribute = Attribute::string("type", "What the value is for.");
const PRIMARY: Attribute = Attribute::boolean(
    "primary",
    "Whether this is the preferred value. True at most once.",
);

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The whole name."),
    Attribute::string("familyName", "The family name."),
    Attribute::string("givenName", "The given name."),
    Attribute::string("middleName", "The middle names."),
    Attribute::string("honorificPrefix", "A title before the name, such as \"Ms.\"."),
    Attribute::string("honorificSuffix", "A suffix after the name, such as \"III\"."),
];

const EMAILS: &[Attribute] = &[
    Attribute::string("value", "The address."),
    DISPLAY,
    TYPE.canonical(&["work", "home", "other"]),
    PRIMARY,
];

const PHONE_NUMBERS: &[Attribute] = &[
    Attribute::string("value", "The number, kept as it was sent."),
    DISPLAY,
    TYPE.canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const IMS: &[Attribute] = &[
    Attribute::string("value", "The address."),
    DISPLAY,
    TYPE.canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];

const PHOTOS: &[Attribute] = &[
    Attribute::reference("value", &["external"], "The URL of the photo."),
    DISPLAY,
    TYPE.canonical(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESSES: &[Attribute] = &[
    Attribute::string("formatted", "The whole address."),
    Attribute::string("streetAddress", "Street, house number and the like."),
    Attribute::string("locality", "The city."),
    Attribute::string("region", "The state or region."),
    Attribute::string("postalCode", "The postal code."),
    Attribute::string("country", "The country."),
    TYPE.canonical(&["work", "home", "other"]),
    PRIMARY,
];

const GROUPS: &[Attribute] = &[
    Attribute::string("value", "The id of the group.")
        .case_exact()
        .read_only(),
    Attribute::reference("$ref", &["Group"], "The URL of the group.").read_only(),
    DISPLAY.read_only(),
    Attribute::string("type", "How the user is in the group.")
        .canonical(&["direct", "indirect"])
        .read_only(),
];

const VALUES: &[Attribute] = &[Attribute::string("value", "The value."), DISPLAY, TYPE, PRIMARY];

const CERTIFICATES: &[Attribute] = &[
    Attribute::new(
        "value",
        Type::Binary,
        "The DER form of the certificate, in base64.",
    )
    .case_exact(),
    DISPLAY,
    TYPE,
    PRIMARY,
];
