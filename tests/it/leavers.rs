//! People who left and whom the app does not let go: they show until they are out, and are tried again each hour.

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::demo::relay::Treatment;
use rollcall::model::{Health, Time};
use serde_json::json;

use crate::support::Gateway;
use crate::support::client::id;

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];
const MINUTE: Duration = Duration::from_secs(60);

/// 400 is about this one; 403 might be about the credentials, which are checked first.
#[tokio::test(flavor = "multi_thread")]
async fn refused_leavers_show_and_are_tried_again_each_hour() {
    for status in [400, 403] {
        let clock = Clock::manual(Time(1_800_000_000_000));
        let g = Gateway::with_clock(PEOPLE, clock.clone()).await;
        g.relay.treat(move |request| match request.method.as_str() {
            "PATCH" => Treatment::scim_error(status, "owners stay"),
            _ => Treatment::Pass,
        });
        for name in &PEOPLE[..2] {
            let user = id(g.idp.named("Users", name).await.unwrap());
            let off = json!([{"op": "replace", "path": "active", "value": false}]);
            g.idp.patch(&format!("/Users/{user}"), off).await.expect(200);
        }
        let told = g
            .hub
            .wait_health(g.instance.id, Health::Failing, "2 leavers still have access")
            .await;
        assert_eq!((told.rejected, told.pending), (2, 0), "{told:?}");
        g.relay.pass();

        let tries = g.count("PATCH", "/Users");
        clock.advance(58 * MINUTE);
        g.hub.idle().await;
        assert_eq!(g.count("PATCH", "/Users"), tries, "not before the hour is over");
        assert_eq!(g.hub.status(g.instance.id).await.health, Health::Failing);
        clock.advance(3 * MINUTE);
        g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
        let there = g.settled().await;
        let gone = there.users.values().filter(|(active, _)| !active).count();
        assert_eq!((there.users.len(), gone), (6, 2));
        g.stop().await;
    }
}
