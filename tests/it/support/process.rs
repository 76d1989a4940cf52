//! Child processes of a test, and the product's own binary as one of them. A child is ended by its own id when it is
//! dropped, and waited for.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rollcall::clock::Stopwatch;
use serde_json::Value;

/// Longest a child may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running child, both of whose outputs go to one file.
pub struct Process {
    child: Child,
    name: String,
    output: PathBuf,
}

impl Process {
    /// Starts it; what it says goes to `output`, after what is there.
    pub fn start(mut command: Command, output: &Path) -> Self {
        let name = Path::new(command.get_program())
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let file = File::options().create(true).append(true).open(output).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} cannot be started: {e}"));
        Self {
            child,
            name,
            output: output.to_owned(),
        }
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap()).into_owned()
    }

    /// Waits until `found` finds something in what it said after the first `from` bytes.
    pub fn wait_for<T>(&mut self, from: usize, found: impl Fn(&str) -> Option<T>) -> T {
        let watch = Stopwatch::start();
        loop {
            let said = self.said();
            if let Some(found) = said.get(from..).and_then(&found) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended by itself: {said}", self.name);
            assert!(
                watch.elapsed() < PATIENCE,
                "{} does not come up: {said}",
                self.name
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL, as a power cut looks to the process.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary under test on a data directory of its own.
pub struct Rollcall {
    pub data: PathBuf,
    output: PathBuf,
}

impl Rollcall {
    /// In `dir`, which the caller keeps: data and output lie in it, apart from each other.
    pub fn new(dir: &Path) -> Self {
        let logs = dir.join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        Self {
            data: dir.join("data"),
            output: logs.join("serve.log"),
        }
    }

    /// Where its output lies, file by file.
    pub fn logs(&self) -> &Path {
        self.output.parent().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        // Nothing that stands in the environment of whoever runs the tests.
        command.env_clear().arg("--data-dir").arg(&self.data);
        command
    }

    /// Serves on a free port; the process and `http://` and the address.
    pub fn serve(&self) -> (Process, String) {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--allow-private-targets"]);
        command.args(["--workers", "2", "--log-level", "debug"]);
        let before = std::fs::metadata(&self.output).map_or(0, |m| usize::try_from(m.len()).unwrap());
        let mut process = Process::start(command, &self.output);
        let address = process.wait_for(before, |said| {
            let line = said
                .lines()
                .find_map(|l| l.strip_prefix("Rollcall listens on "))?;
            // The line is whole once something follows it.
            said.contains(&format!("{line}\n")).then(|| line.to_owned())
        });
        (process, address)
    }

    /// A command, with this on its standard input; what it printed. It must succeed.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        let (well, said) = self.tried(arguments, input);
        assert!(well, "rollcall {arguments:?}: {said}");
        said
    }

    /// As `ask`, of a server that may be killed meanwhile: then nothing.
    pub fn try_ask(&self, arguments: &[&str]) -> Option<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let (well, said) = self.tried(&arguments, "");
        well.then(|| serde_json::from_str(&said).unwrap())
    }

    /// Whether it succeeded, and what it printed; where it failed, its complaint too.
    fn tried(&self, arguments: &[&str], input: &str) -> (bool, String) {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Dropped at the end of the statement: the command reads to the end of its input.
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap_or_default();
        let done = child.wait_with_output().unwrap();
        let mut said = String::from_utf8_lossy(&done.stdout).into_owned();
        if !done.status.success() {
            said.push_str(&String::from_utf8_lossy(&done.stderr));
        }
        (done.status.success(), said)
    }

    /// A command that is not waited for, with `--json`; its output is to be read. It may call apps on this machine.
    pub fn begin(&self, arguments: &[&str]) -> std::process::Child {
        self.command()
            .env("ROLLCALL_ALLOW_PRIVATE_TARGETS", "true")
            .args(arguments)
            .arg("--json")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The same with `--json`, read.
    pub fn ask(&self, arguments: &[&str], input: &str) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.run(&arguments, input)).unwrap()
    }
}
