use super::*;

const ACCOUNTS: Limit = Limit {
    floor: 5,
    percent: 10,
};

/// The number of removals, one after the other, after which one is held; what pages say of it is the same.
fn most(class: RemovalClass, limit: Limit, base: u64) -> u64 {
    let passed = (1..=base)
        .take_while(|n| !is_over(class, limit, base, *n, base - n))
        .count() as u64;
    assert_eq!(super::most(class, limit, base), passed, "{class:?} of {base}");
    passed
}

#[test]
fn small_instances() {
    let allowed = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5];
    for (base, expected) in (1..=12).zip(allowed) {
        assert_eq!(
            most(RemovalClass::Account, ACCOUNTS, base),
            expected,
            "{base} people"
        );
        assert_eq!(
            most(RemovalClass::Group, ACCOUNTS, base),
            expected,
            "{base} groups"
        );
    }
}

#[test]
fn the_floor_and_the_share() {
    for (base, expected) in [
        (49, 5),
        (50, 5),
        (51, 5),
        (59, 5),
        (60, 6),
        (61, 6),
        (100, 10),
        (109, 10),
        (110, 11),
        (1000, 100),
    ] {
        assert_eq!(most(RemovalClass::Account, ACCOUNTS, base), expected, "of {base}");
    }
}

#[test]
fn one_below_at_and_above() {
    let over = |n| is_over(RemovalClass::Account, ACCOUNTS, 100, n, 100 - n);
    assert_eq!([over(9), over(10), over(11)], [false, false, true]);
    let over = |n| {
        is_over(
            RemovalClass::Membership,
            Limit {
                floor: 50,
                percent: 20,
            },
            500,
            n,
            500 - n,
        )
    };
    assert_eq!([over(99), over(100), over(101)], [false, false, true]);
    let over = |n| {
        is_over(
            RemovalClass::Membership,
            Limit {
                floor: 50,
                percent: 20,
            },
            100,
            n,
            100 - n,
        )
    };
    assert_eq!([over(49), over(50), over(51)], [false, false, true]);
}

#[test]
fn a_few_memberships_may_be_all_of_them() {
    assert!(!is_over(
        RemovalClass::Membership,
        Limit {
            floor: 50,
            percent: 20
        },
        3,
        3,
        0
    ));
}

#[test]
fn never_the_last_one() {
    let generous = Limit {
        floor: 1000,
        percent: 100,
    };
    assert!(is_over(RemovalClass::Account, generous, 2, 2, 0));
    assert!(!is_over(RemovalClass::Account, generous, 2, 1, 1));
    assert!(is_over(RemovalClass::Account, generous, 1, 1, 0));
}

#[test]
fn more_than_half_whatever_the_settings() {
    let generous = Limit {
        floor: 1000,
        percent: 100,
    };
    assert!(!is_over(RemovalClass::Account, generous, 10, 5, 5));
    assert!(is_over(RemovalClass::Account, generous, 10, 6, 4));
    assert!(is_over(RemovalClass::Account, generous, 3, 2, 1));
}
