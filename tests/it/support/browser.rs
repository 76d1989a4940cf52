//! Debian's Chromium, driven by its ChromeDriver. It sees what a person sees, looks at every page it comes to with
//! `page.js`, and keeps which requests were made, as the browser's own network log tells them.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use reqwest::Method;
use rollcall::clock::Stopwatch;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::process::Process;
use super::tools::free_port;

/// Longest wait for what a page is to say.
const PATIENCE: Duration = Duration::from_secs(30);
/// Width of the screen unless a test says otherwise, and of a phone.
const SCREEN: (u32, u32) = (1280, 800);
const PHONE: u32 = 390;
/// Finds what is wrong with a page, whatever it shows.
const PAGE: &str = include_str!("../browser/page.js");
const FLAGS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A command that only ChromeDriver has.
#[derive(Debug)]
struct Chrome(&'static str, Value);

impl WebDriverCompatibleCommand for Chrome {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

pub struct Browser {
    client: Client,
    /// Of the hub.
    base: String,
    /// (method, path) of all that was answered with less than 400.
    pub visited: BTreeSet<(String, String)>,
    /// What its console complained of.
    console: Vec<String>,
    /// Requests without an answer yet, by the browser's id.
    asked: HashMap<String, (String, String)>,
    _session: Session,
    _profile: tempfile::TempDir,
}

/// Ends the browser, also when the test fails: ChromeDriver ends what it started when its session is deleted.
struct Session {
    _driver: Process,
    port: u16,
    id: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let (id, port) = (&self.id, self.port);
        let _ = write!(
            stream,
            "DELETE /session/{id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.read(&mut [0; 256]);
    }
}

impl Browser {
    /// Starts one with a fresh profile; `base` is `http://` and the hub's address.
    pub async fn start(base: &str) -> Self {
        for tool in ["chromedriver", "chromium"] {
            let there = Command::new(tool).arg("--version").output();
            assert!(there.is_ok(), "missing: {tool} (get it with tests/run --install)");
        }
        let profile = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let output = profile.path().join("chromedriver.log");
        let driver = tokio::task::block_in_place(|| {
            let mut driver = Process::start(command, &output);
            driver.wait_for(0, |_| TcpStream::connect(("127.0.0.1", port)).ok());
            driver
        });
        let data = format!("--user-data-dir={}", profile.path().join("profile").display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([data.as_str()]).collect();
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let id = client.session_id().await.unwrap().unwrap();
        let browser = Self {
            client,
            base: base.to_owned(),
            visited: BTreeSet::new(),
            console: Vec::new(),
            asked: HashMap::new(),
            _session: Session {
                _driver: driver,
                port,
                id,
            },
            _profile: profile,
        };
        let hidden = json!({"hidden": true});
        browser.devtools("Emulation.setScrollbarsHidden", hidden).await;
        browser.size(SCREEN.0, SCREEN.1).await;
        browser
    }

    /// Opens a page of the hub and looks at it.
    pub async fn open(&mut self, path: &str) {
        self.fetch(path).await;
        self.look().await;
    }

    /// Opens something that is no page.
    pub async fn fetch(&mut self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
        self.read_log().await;
    }

    /// Presses the button or link that says this, or whose label for screen readers does, and looks at the page it
    /// leads to.
    pub async fn press(&mut self, says: &str) {
        let found = "//main//*[self::button or self::a][normalize-space()=$ or starts-with(@aria-label, $)] \
                     | //header//*[self::button or self::a][normalize-space()=$ or starts-with(@aria-label, $)]";
        let quoted = format!("\"{says}\"");
        let path = found.replace('$', &quoted);
        self.js("window.before = true").await;
        // A page that keeps itself fresh may take a button away just before it is pressed.
        let mut pressed = false;
        for _ in 0..3 {
            pressed = self.click(&path).await;
            if pressed {
                break;
            }
        }
        assert!(
            pressed,
            "nothing to press says {says:?} on {}: {}",
            self.path().await,
            self.text().await
        );
        self.until("the next page", |b| async move {
            b.js("return !window.before && document.readyState === 'complete'")
                .await
                == true
        })
        .await;
        self.look().await;
    }

    /// Whether there was something to click.
    async fn click(&self, xpath: &str) -> bool {
        for element in self.client.find_all(Locator::XPath(xpath)).await.unwrap() {
            if element.is_displayed().await.unwrap_or(false) {
                return element.click().await.is_ok();
            }
        }
        false
    }

    /// Types into the field with this id, in place of what stands there.
    pub async fn fill(&self, id: &str, text: &str) {
        let field = self
            .client
            .find(Locator::Id(id))
            .await
            .unwrap_or_else(|e| panic!("no field {id}: {e}"));
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// What stands in the field with this id.
    pub async fn value(&self, id: &str) -> String {
        let field = self.client.find(Locator::Id(id)).await.unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Ticks or chooses.
    pub async fn tick(&self, css: &str) {
        let element = self.client.find(Locator::Css(css)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Loads the page once more, sending its form again if it answered one.
    pub async fn reload(&mut self) {
        self.client.refresh().await.unwrap();
        self.look().await;
    }

    /// Path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url[url::Position::BeforePath..].to_owned()
    }

    /// What a person reads.
    pub async fn text(&self) -> String {
        let text = self
            .js("return document.querySelector('main')?.innerText ?? ''")
            .await;
        text.as_str().unwrap().to_owned()
    }

    /// The page says all of this.
    #[track_caller]
    pub fn says(&self, what: &[&str]) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let text = self.text().await;
            for what in what {
                assert!(
                    text.contains(what),
                    "{at}: {what:?} is not on {}: {text}",
                    self.path().await
                );
            }
        }
    }

    /// Waits, on the page as it keeps itself fresh, until it says all of this.
    pub async fn comes_to_say(&mut self, what: &[&str]) {
        self.until(&format!("{what:?}"), |b| async move {
            let text = b.text().await;
            what.iter().all(|w| text.contains(w))
        })
        .await;
        self.look().await;
    }

    /// Opens a page again and again until it says all of this.
    pub async fn open_until(&mut self, path: &str, what: &[&str]) {
        let watch = Stopwatch::start();
        loop {
            self.fetch(path).await;
            let text = self.text().await;
            if what.iter().all(|w| text.contains(w)) {
                return self.look().await;
            }
            assert!(watch.elapsed() < PATIENCE, "{path} never says {what:?}: {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn until<'a, F: Future<Output = bool>>(&'a self, what: &str, met: impl Fn(&'a Self) -> F) {
        let watch = Stopwatch::start();
        while !met(self).await {
            assert!(
                watch.elapsed() < PATIENCE,
                "waited for {what} on {}: {}",
                self.path().await,
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn js(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Nothing is wrong with this page, whatever it shows; neither on a phone.
    pub async fn look(&mut self) {
        let wrong = self.complaints().await;
        assert!(wrong.is_empty(), "{}: {wrong:?}", self.path().await);
    }

    /// What is wrong with this page; and what the browser's console said since this was asked last.
    pub async fn complaints(&mut self) -> Vec<String> {
        let mut wrong = self.faults().await;
        self.size(PHONE, 844).await;
        wrong.extend(self.faults().await);
        self.size(SCREEN.0, SCREEN.1).await;
        self.read_log().await;
        wrong.append(&mut self.console);
        wrong
    }

    async fn faults(&self) -> Vec<String> {
        let found = self.js(PAGE).await;
        let found = found.as_array().unwrap().iter();
        found.map(|fault| fault.as_str().unwrap().to_owned()).collect()
    }

    /// Takes in what the browser noted since: requests as visited, and what the console said, such as about the policy of
    /// what may be loaded. That an answer was an error is no complaint: the tests know their statuses.
    async fn read_log(&mut self) {
        for entry in self.log("browser").await {
            if entry["source"] != "network" && entry["level"] != "INFO" {
                self.console.push(entry["message"].to_string());
            }
        }
        for entry in self.log("performance").await {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let (method, told) = (&message["message"]["method"], &message["message"]["params"]);
            let id = told["requestId"].as_str().unwrap_or_default().to_owned();
            if method == "Network.requestWillBeSent" {
                if told["redirectResponse"].is_object() {
                    self.answered(&id, &told["redirectResponse"]);
                }
                let request = &told["request"];
                let asked = (
                    request["method"].as_str().unwrap().to_owned(),
                    request["url"].as_str().unwrap().to_owned(),
                );
                self.asked.insert(id, asked);
            } else if method == "Network.responseReceived" {
                self.answered(&id, &told["response"]);
            }
        }
    }

    fn answered(&mut self, id: &str, response: &Value) {
        let Some((method, url)) = self.asked.remove(id) else {
            return;
        };
        let Some(path) = url.strip_prefix(&self.base) else {
            assert!(!url.starts_with("http"), "a page asked {url}");
            return;
        };
        if response["status"].as_u64().unwrap() < 400 {
            let path = path.split('?').next().unwrap();
            self.visited.insert((method, path.to_owned()));
        }
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let asked = Chrome("se/log", json!({"type": kind}));
        let entries = self.client.issue_cmd(asked).await.unwrap();
        entries.as_array().cloned().unwrap()
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        let asked = Chrome("goog/cdp/execute", json!({"cmd": command, "params": parameters}));
        self.client.issue_cmd(asked).await.unwrap();
    }

    /// Width and height of what a page has to itself.
    pub async fn size(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the system prefers: `light` or `dark`.
    pub async fn prefers(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// A picture of what is on the screen.
    pub async fn picture(&self, file: &Path) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Pictures of the whole page: light and dark, and on a phone.
    pub async fn pictures(&self, dir: &Path, name: &str) {
        for (look, scheme, width) in [
            ("light", "light", SCREEN.0),
            ("dark", "dark", SCREEN.0),
            ("phone", "light", PHONE),
        ] {
            self.prefers(scheme).await;
            self.size(width, 600).await;
            let height = self.js("return document.documentElement.scrollHeight").await;
            let height = u32::try_from(height.as_u64().unwrap()).unwrap();
            self.size(width, height.min(3000)).await;
            self.picture(&dir.join(format!("{name}-{look}.png"))).await;
        }
        self.prefers("light").await;
        self.size(SCREEN.0, SCREEN.1).await;
    }
}
