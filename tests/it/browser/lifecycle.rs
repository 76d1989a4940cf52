//! People and groups made, changed and removed by hand, and the decisions who is who.

use serde_json::json;

use crate::support::Gateway;
use crate::support::browser::Browser;

pub async fn lifecycle(browser: &mut Browser, g: &Gateway, home: &str) {
    people(browser, g, home).await;
    groups(browser, g, home).await;
    protected(browser, g, home).await;
    adoption(browser, g, home).await;
}

async fn people(browser: &mut Browser, g: &Gateway, home: &str) {
    browser.open(&format!("{home}/users")).await;
    browser.press("New person").await;
    browser
        .says(&["An identity provider holds a key of this instance"])
        .await;
    browser.fill("user_name", "person01@example.com").await;
    browser.fill("title", "Kept").await;
    browser.press("Create").await;
    browser.says(&["The person is here now."]).await;
    browser
        .says(&["person01@example.com", "is managed from here on"])
        .await;
    browser.open(&format!("{home}/users/new")).await;
    browser.fill("user_name", "Person01@example.com").await;
    browser.fill("display_name", "Somebody else").await;
    browser.press("Create").await;
    browser.says(&["exists already"]).await;
    assert_eq!(browser.value("display_name").await, "Somebody else");
    browser.fill("user_name", "by.hand@example.com").await;
    browser.press("Create").await;
    browser.says(&["Somebody else", "by.hand@example.com"]).await;
    let page = browser.path().await;
    browser.open_until(&page, &["In step"]).await;

    browser.press("Edit").await;
    let id = page.rsplit('/').next().unwrap().to_owned();
    let change = json!([{"op": "replace", "path": "title", "value": "From the provider"}]);
    g.idp.patch(&format!("/Users/{id}"), change).await.expect(200);
    browser.fill("title", "From the form").await;
    browser.fill("department", "Research").await;
    browser.press("Save").await;
    browser
        .says(&[
            "Somebody changed this person",
            "stored now is “From the provider”",
        ])
        .await;
    assert_eq!(browser.value("title").await, "From the form");
    browser.press("Save").await;
    browser
        .says(&["Saved.", "From the form", "Research", "admin@example.com"])
        .await;
    // What was edited by hand stands on the timeline: before and after.
    let told = "return [...document.querySelectorAll('.changes > div')].map((c) => c.textContent.replace(/\\s+/g, ' ')).join('\\n')";
    let told = browser.js(told).await;
    for change in ["From the provider → From the form", "nothing → Research"] {
        assert!(told.as_str().unwrap().contains(change), "{told}");
    }
    browser.press("Edit").await;
    browser.press("Save").await;
    browser.says(&["Nothing was different"]).await;
    browser.press("Deactivate").await;
    browser.says(&["Deactivated", "Inactive"]).await;
    browser.press("Activate").await;
    browser.says(&["Activated", "Active"]).await;
    browser.press("Delete…").await;
    browser.says(&["The account in the app is deactivated"]).await;
    browser.fill("typed", "nobody").await;
    browser.press("Delete the person").await;
    browser.says(&["That is not the name."]).await;
    browser.fill("typed", "by.hand@example.com").await;
    browser.press("Delete the person").await;
    browser.says(&["The person was deleted."]).await;
    assert_eq!(browser.path().await, format!("{home}/users"));
}

async fn groups(browser: &mut Browser, g: &Gateway, home: &str) {
    browser.open(&format!("{home}/groups")).await;
    browser.press("New group").await;
    browser
        .js("document.querySelector('main form').noValidate = true")
        .await;
    browser.press("Create").await;
    browser.says(&["Type a name of 1 to 250 characters."]).await;
    browser.fill("display_name", "By hand").await;
    browser.press("Create").await;
    browser.says(&["The group is here now.", "No members."]).await;
    let page = browser.path().await;
    browser.press("Add members").await;
    browser.fill("q", "person0").await;
    browser.press("Search").await;
    browser.press("Add selected").await;
    browser.says(&["choose who is meant"]).await;
    browser.open(&format!("{page}/add?q=person02")).await;
    browser.tick("tbody input[type=checkbox]").await;
    browser.press("Add selected").await;
    browser.says(&["members now", "person02@example.com"]).await;
    browser.open(&format!("{page}/add?q=person02")).await;
    browser.says(&["Already in"]).await;
    browser.open(&format!("{page}/add?q=nobody+at+all")).await;
    browser.says(&["Nobody matches."]).await;
    browser.open(&page).await;
    browser.tick("tbody input[type=checkbox]").await;
    browser.press("Remove selected").await;
    browser.says(&["no members any more", "No members."]).await;
    g.hub.idle().await;
    browser.open(&page).await;
    browser.press("Rename").await;
    browser.fill("display_name", "By another hand").await;
    browser.press("Save").await;
    browser.says(&["Saved.", "By another hand"]).await;
    browser.press("Delete…").await;
    browser.fill("typed", "By another hand").await;
    browser.press("Delete the group").await;
    browser.says(&["The group was deleted."]).await;
}

async fn protected(browser: &mut Browser, g: &Gateway, home: &str) {
    browser.open(&format!("{home}/settings")).await;
    browser.fill("protected", "Person03@example.com").await;
    browser.press("Save").await;
    browser.says(&["Saved."]).await;
    assert_eq!(browser.value("protected").await, "person03@example.com");
    browser.open(&format!("{home}/activity")).await;
    browser
        .says(&[
            "The settings were changed",
            "protected accounts",
            "person03@example.com",
        ])
        .await;
    let id = g.idp.named("Users", "person03@example.com").await.unwrap()["id"].clone();
    browser
        .open(&format!("{home}/users/{}", id.as_str().unwrap()))
        .await;
    browser
        .says(&["Protected", "keeps this account active and in its groups"])
        .await;
}

async fn adoption(browser: &mut Browser, g: &Gateway, home: &str) {
    let page = format!("{home}/adoption");
    browser.open(&page).await;
    browser.says(&["Matched", "Nothing waits for you."]).await;
    for (name, email) in [
        ("one.new", "person10@example.com"),
        ("two.new", "person11@example.com"),
        ("three.new", "person12@example.com"),
        ("four.one", "person13@example.com"),
        ("four.two", "person13@example.com"),
    ] {
        let new = json!({"userName": name, "emails": [{"value": email, "type": "work"}]});
        g.idp.post("/Users", new).await.expect(201);
    }
    g.hub.idle().await;
    browser.open_until(home, &["5 pairs wait for a decision"]).await;
    browser.open("/").await;
    browser.says(&["The instance needs you."]).await;
    browser.press("5 pairs wait for a decision").await;
    assert_eq!(browser.path().await, page);
    browser.open(home).await;
    browser.press("Decide").await;
    browser
        .says(&["Proposed 3", "one.new", "person10@example.com", "Ambiguous\n2"])
        .await;
    browser.press("Same person: one.new").await;
    browser.says(&["Linked:", "Proposed 2"]).await;
    browser.press("Different people: two.new").await;
    browser.says(&["Told apart", "Proposed 1"]).await;
    browser.press("Accept").await;
    browser.says(&["Linked:"]).await;
    browser.press("None of them: four.one").await;
    browser.says(&["Told apart", "four.two"]).await;
    let id = g.idp.named("Users", "four.two").await.unwrap()["id"].clone();
    browser
        .open(&format!("{home}/users/{}", id.as_str().unwrap()))
        .await;
    browser
        .says(&["Undecided", "Somebody has to decide", "may be in the app already"])
        .await;
    browser.open(&page).await;
    browser.press("Same person: four.two").await;
    browser.says(&["Nothing waits for you."]).await;
}
