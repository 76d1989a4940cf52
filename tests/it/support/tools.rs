//! Other people's components, as child processes on 127.0.0.1: suites, identity providers' clients, a SCIM server, and
//! the proxy that breaks what passes through it. `tests/run` makes the environments they live in.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::process::Process;

/// Variable that names a Python environment, and the name of its directory in the cache.
const ENVIRONMENTS: [(&str, &str); 4] = [
    ("CONFORMANCE_VENV", "venv-conformance"),
    ("CANAILLE_VENV", "venv-canaille"),
    ("SIM_VENV", "venv-sim"),
    ("TARGET_VENV", "venv-target"),
];

pub fn kit(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kit").join(path)
}

/// The same for the npm packages of servers.
const MODULES: [(&str, &str); 2] = [
    ("SCIMMY_MODULES", "npm-scimmy"),
    ("JACKSON_MODULES", "npm-jackson"),
];

/// As `tests/run` has it.
fn cache() -> PathBuf {
    let var = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    var("ROLLCALL_TEST_CACHE").unwrap_or_else(|| {
        var("XDG_CACHE_HOME")
            .or_else(|| var("HOME").map(|home| home.join(".cache")))
            .unwrap()
            .join("rollcall-tests")
    })
}

/// A script of the kit, which finds its environment by the variables; none of them is made here.
fn script(path: &str) -> Command {
    let file = kit(path);
    let python = path.ends_with(".py");
    let mut command = Command::new(if python { "python3" } else { "bash" });
    command.arg(file).env("PYTHONDONTWRITEBYTECODE", "1");
    let of_this = MODULES
        .into_iter()
        .filter(|(_, name)| path.contains(&name["npm-".len()..]));
    for (variable, name) in ENVIRONMENTS.into_iter().chain(of_this) {
        let environment = std::env::var_os(variable).map_or_else(|| cache().join(name), PathBuf::from);
        assert!(
            environment.join(".pins").exists(),
            "missing: {} (get it with tests/run --install)",
            environment.display()
        );
        command.env(variable, environment);
    }
    command
}

/// What a suite said, and its last line taken apart.
#[derive(Debug)]
pub struct Verdict {
    pub passed: usize,
    pub failed: usize,
    pub said: String,
}

impl Verdict {
    #[track_caller]
    pub fn clean(&self, least: usize) {
        assert_eq!(self.failed, 0, "{}", self.said);
        assert!(
            self.passed >= least,
            "only {} checks ran: {}",
            self.passed,
            self.said
        );
    }
}

/// Runs a suite to its end, off the async threads.
pub async fn run(path: &'static str, arguments: &[&str]) -> Verdict {
    let mut command = script(path);
    command.args(arguments).stdin(Stdio::null());
    let done = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap_or_else(|e| panic!("missing: what runs {path}: {e}"));
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    // Its last line: "12 passed, 0 failed".
    let count = |what: &str| -> Option<usize> {
        let words: Vec<&str> = said
            .lines()
            .rfind(|l| l.contains(" passed, "))?
            .split([' ', ','])
            .filter(|w| !w.is_empty())
            .collect();
        let at = words.iter().rposition(|w| *w == what)?;
        words.get(at.checked_sub(1)?)?.parse().ok()
    };
    let (Some(passed), Some(failed)) = (count("passed"), count("failed")) else {
        panic!("{path} gave no count: {said}");
    };
    assert_eq!(done.status.success(), failed == 0, "{path}: {said}");
    Verdict { passed, failed, said }
}

/// A port that nobody has now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Starts a server and waits until its port answers.
fn server(mut command: Command, port: u16, output: &Path) -> Process {
    command.env("PYTHONUNBUFFERED", "1");
    let mut process = Process::start(command, output);
    process.wait_for(0, |_| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    process
}

/// Other projects' SCIM servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Software {
    /// scim2-server (Python): the whole RFC.
    Scim2Server,
    /// SCIMMY (Node): relative locations, no Location header.
    Scimmy,
    /// The directory sync of SAML Jackson (Node): no discovery, no meta, DELETE answers 200.
    Jackson,
}

/// One of them, running. It forgets everything when it ends.
pub struct App {
    process: Process,
    pub software: Software,
    pub port: u16,
    pub token: String,
    /// Of its endpoints.
    path: String,
}

impl App {
    pub fn start(dir: &Path, token: &str) -> Self {
        Self::of(Software::Scim2Server, dir, token)
    }

    /// With this token, if it lets others choose.
    pub fn of(software: Software, dir: &Path, token: &str) -> Self {
        let port = free_port();
        let output = dir.join("app.log");
        let mut command = script(match software {
            Software::Scim2Server => "conformance/targets/scim2_server.sh",
            Software::Scimmy => "targets/scimmy/start.sh",
            Software::Jackson => "targets/jackson/start.sh",
        });
        match software {
            Software::Scim2Server => command.args([&port.to_string(), token]),
            Software::Scimmy => command.env("PORT", port.to_string()).env("TOKEN", token),
            Software::Jackson => command.env("PORT", port.to_string()).env("EVENTS", "1"),
        };
        let mut process = server(command, port, &output);
        let (path, token) = match software {
            Software::Scim2Server => ("/v2".to_owned(), token.to_owned()),
            Software::Scimmy => ("/scim/v2".to_owned(), token.to_owned()),
            Software::Jackson => process.wait_for(0, |said| {
                let line: Value = said.lines().find_map(|l| serde_json::from_str(l).ok())?;
                let base = url::Url::parse(line["base"].as_str()?).ok()?;
                Some((base.path().to_owned(), line["token"].as_str()?.to_owned()))
            }),
        };
        Self {
            process,
            software,
            port,
            token,
            path,
        }
    }

    /// What it told its own application: Jackson's directory events, in order.
    pub fn events(&self) -> Vec<Value> {
        let said = self.process.said();
        let lines = said.lines().filter_map(|l| serde_json::from_str(l).ok());
        lines.filter(|line: &Value| line["event"].is_string()).collect()
    }

    /// Past the proxy.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    /// The same through what listens at `address`.
    pub fn base_at(&self, address: std::net::SocketAddr) -> String {
        format!("http://{address}{}", self.path)
    }

    pub fn seed(&self, users: usize, groups: usize) {
        self.seed_with(users, groups, users);
    }

    /// Groups of so many members each.
    pub fn seed_with(&self, users: usize, groups: usize, members: usize) {
        let mut command = script("conformance/targets/seed.py");
        command.args([&self.base(), &self.token]);
        command.args([users, groups, members].map(|n| n.to_string()));
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// The proxy before it.
pub struct FaultProxy {
    process: Option<Process>,
    port: u16,
    target: u16,
    output: PathBuf,
    http: reqwest::Client,
    /// Requests that the proxy itself remembers no more.
    earlier: Vec<Value>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests are the outside: they do not go through connector/net.rs"
)]
impl FaultProxy {
    pub fn start(dir: &Path, target: &App) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut proxy = Self {
            process: None,
            port: free_port(),
            target: target.port,
            output: dir.join("proxy.log"),
            http: reqwest::Client::new(),
            earlier: Vec::new(),
        };
        proxy.come_back();
        proxy
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn base(&self) -> String {
        format!("http://{}/v2", self.host())
    }

    /// On the same port as before.
    pub fn come_back(&mut self) {
        let mut command = script("conformance/faultproxy.py");
        command.args(["--listen", &self.port.to_string()]);
        command.args(["--target", &format!("http://127.0.0.1:{}", self.target)]);
        self.process = Some(server(command, self.port, &self.output));
    }

    /// The port refuses connections.
    pub async fn vanish(&mut self) {
        self.remember().await;
        drop(self.process.take());
    }

    pub async fn fault(&self, fault: Value) {
        let request = self.http.post(format!("http://{}/_faults", self.host()));
        let answer = request.body(json!([fault]).to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Everything passes again. What is seen between the two requests below is forgotten: with a fault for all in force
    /// that is nothing that matters.
    pub async fn pass(&mut self) {
        self.remember().await;
        let request = self.http.delete(format!("http://{}/_faults", self.host()));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }

    async fn remember(&mut self) {
        let now = self.fresh().await;
        self.earlier.extend(now);
    }

    /// What it saw since the last change of faults.
    pub async fn fresh(&self) -> Vec<Value> {
        let request = self.http.get(format!("http://{}/_log", self.host()));
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// All it ever saw.
    pub async fn seen(&self) -> Vec<Value> {
        let mut all = self.earlier.clone();
        all.extend(self.fresh().await);
        all
    }
}

/// Requests that change something.
pub fn writes(seen: &[Value]) -> Vec<&Value> {
    seen.iter().filter(|e| e["method"] != "GET").collect()
}

/// Whether the app itself carried it out, whatever the hub heard of it.
pub fn carried_out(entry: &Value) -> bool {
    let by_proxy = entry["fault"].is_object()
        && !matches!(entry["fault"]["mode"].as_str(), Some("after" | "drop_after"));
    !by_proxy && entry["status"].as_u64().is_some_and(|s| (200..300).contains(&s))
}
