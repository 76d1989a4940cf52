//! What is told of an app that cannot be reached, or whose credentials or certificate are at an end.

use super::*;

#[tokio::test]
async fn nobody_there_is_told_step_by_step() {
    let net = Net::new(NetPolicy {
        allow_private: true,
        ..NetPolicy::default()
    })
    .unwrap();
    let plain = Server::start([]).await;
    let no_tls = format!("https://{}/scim", plain.host());
    for (base, bad) in [
        (no_tls.as_str(), "reach.tls"),
        ("http://127.0.0.1:1/scim/v2", "reach.tcp"),
        ("https://nobody.invalid/scim", "reach.dns"),
        ("https://169.254.169.254/scim", "reach.dns"),
    ] {
        let app = Scim::new(
            base,
            caller(Token::new("t".into())),
            &Capabilities::default(),
            net.clone(),
        );
        let plan = ProbePlan {
            scope: Scope::UsersAndGroups,
            tag: TAG,
            writes: true,
            now: Time(0),
            elapsed: &|| Duration::ZERO,
        };
        let profile = app.profile(plan).await;
        assert_eq!(named(&profile), words(bad), "{}", told(&profile));
        assert!(!profile.usable);
        assert_eq!(state(&profile, "users.list"), LineState::Skipped);
        assert_eq!(profile.capabilities, Capabilities::default());
    }
}

#[tokio::test]
async fn refused_credentials_and_other_pages_are_told_apart() {
    for (garbage, bad) in [
        ((401, "{}"), "reach.credentials"),
        ((403, "{}"), "reach.credentials"),
        ((404, "{}"), "reach.scim"),
        ((200, "<html>"), "reach.scim"),
    ] {
        // The list of users is the second request.
        let (profile, _) = probed(&[], Some((1, garbage)), false).await;
        assert_eq!(named(&profile), words(bad), "{}", told(&profile));
        assert!(!profile.usable);
    }
}

#[tokio::test]
async fn a_certificate_that_ends_is_told_in_time() {
    for (days, wanted) in [
        (400, LineState::Ok),
        (22, LineState::Ok),
        (21, LineState::Warn),
        (0, LineState::Warn),
        (-1, LineState::Bad),
    ] {
        let net = Net::new(NetPolicy::default()).unwrap();
        let app = Scim::new(
            "https://a.example",
            caller(Token::new("t".into())),
            &Capabilities::default(),
            net,
        );
        let plan = ProbePlan {
            scope: Scope::Users,
            tag: TAG,
            writes: false,
            now: Time(1_800_000_000_000),
            elapsed: &|| Duration::ZERO,
        };
        let mut prober = Prober::new(&app, plan);
        prober.certificate(true, Some(1_800_000_000 + days * 86_400 + 3600));
        assert_eq!(prober.lines[0].state, wanted, "{days}: {}", prober.lines[0].found);
    }
}
