//! The command line.
use std::collections::HashSet;

pub const HELP: &str = "\
scimload --base URL [options]          (the URL's host must be loopback)
  --token T          bearer token
  --basic U:P        basic authentication instead
  --label NAME       name of the server in the output
  --start CMD        start the server with `sh -c CMD`, time its cold start, stop it at the end (W8)
  --pid N            a server that is already running: read its memory and CPU from /proc
  --persist          with --start: restart at the end and check that the data is still there
  --sizes A,B,..     directory sizes at which the workloads run        (default 1000)
  --groups A,B,..    group sizes for W5; those above the directory are skipped
                     (default 10,1000,10000,100000)
  --workloads LIST   of W1,W2,W3,W4,W5,W6,W7                           (default all)
  --conc A,B,..      concurrency of W2,W3,W4                           (default 1,8)
  --cycle-conc A,..  concurrency of W7                                 (default 1,8,64)
  --seed-conc N      concurrency of W1                                 (default 8)
  --ops N            most operations in one measurement                (default 20000)
  --secs S           most seconds for one measurement                  (default 5)
  --seed-secs S      most seconds for filling to one size              (default 120)
  --adds N           single-member adds measured per group size        (default 50)
  --repeat R         times that W2,W3,W4 run at each setting           (default 3)
  --page N           page size of W6                                   (default 100)
  --entra-legacy     W4 and W7 send \"Replace\" and \"False\" as strings, as Entra does by default
  --total-secs S     the whole run ends after this                     (default 1500, at most 3600)
";

#[derive(Clone)]
pub struct Opt {
    pub host: String,
    pub port: u16,
    pub prefix: String,
    pub auth: Option<String>,
    pub label: String,
    pub start: Option<String>,
    pub pid: Option<u32>,
    pub persist: bool,
    pub sizes: Vec<usize>,
    pub groups: Vec<usize>,
    pub workloads: HashSet<String>,
    pub conc: Vec<usize>,
    pub cycle_conc: Vec<usize>,
    pub seed_conc: usize,
    pub ops: usize,
    pub secs: f64,
    pub seed_secs: f64,
    pub adds: usize,
    pub repeat: usize,
    pub page: usize,
    pub legacy: bool,
    pub total_secs: u64,
}

pub fn die(msg: &str) -> ! {
    eprintln!("scimload: {msg}");
    std::process::exit(2)
}

pub fn nums(s: &str) -> Vec<usize> {
    s.split(',')
        .filter(|x| !x.is_empty())
        .map(|x| x.trim().parse().unwrap_or_else(|_| die("a number is wrong")))
        .collect()
}

pub fn base64(data: &[u8]) -> String {
    const T: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for c in data.chunks(3) {
        let n = (c[0] as u32) << 16 | (*c.get(1).unwrap_or(&0) as u32) << 8 | *c.get(2).unwrap_or(&0) as u32;
        for i in 0..4 {
            if i <= c.len() {
                out.push(T[(n >> (18 - 6 * i)) as usize & 63] as char)
            } else {
                out.push('=')
            }
        }
    }
    out
}

pub fn options() -> Opt {
    let mut o = Opt {
        host: String::new(),
        port: 80,
        prefix: String::new(),
        auth: None,
        label: "server".into(),
        start: None,
        pid: None,
        persist: false,
        sizes: vec![1000],
        groups: vec![10, 1000, 10_000, 100_000],
        workloads: ["W1", "W2", "W3", "W4", "W5", "W6", "W7"]
            .iter()
            .map(|s| s.to_string())
            .collect(),
        conc: vec![1, 8],
        cycle_conc: vec![1, 8, 64],
        seed_conc: 8,
        ops: 20_000,
        secs: 5.0,
        seed_secs: 120.0,
        adds: 50,
        repeat: 3,
        page: 100,
        legacy: false,
        total_secs: 1500,
    };
    let mut base = None;
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        let mut val = || args.next().unwrap_or_else(|| die(&format!("{a} needs a value")));
        match a.as_str() {
            "--base" => base = Some(val()),
            "--token" => o.auth = Some(format!("Bearer {}", val())),
            "--basic" => o.auth = Some(format!("Basic {}", base64(val().as_bytes()))),
            "--label" => o.label = val(),
            "--start" => o.start = Some(val()),
            "--pid" => o.pid = val().parse().ok(),
            "--persist" => o.persist = true,
            "--sizes" => o.sizes = nums(&val()),
            "--groups" => o.groups = nums(&val()),
            "--workloads" => o.workloads = val().split(',').map(|s| s.trim().to_string()).collect(),
            "--conc" => o.conc = nums(&val()),
            "--cycle-conc" => o.cycle_conc = nums(&val()),
            "--seed-conc" => o.seed_conc = nums(&val())[0],
            "--ops" => o.ops = nums(&val())[0].min(2_000_000),
            "--secs" => o.secs = val().parse().unwrap_or(5.0f64).min(300.0),
            "--seed-secs" => o.seed_secs = val().parse().unwrap_or(120.0f64).min(1800.0),
            "--adds" => o.adds = nums(&val())[0],
            "--repeat" => o.repeat = nums(&val())[0].clamp(1, 50),
            "--page" => o.page = nums(&val())[0].max(1),
            "--entra-legacy" => o.legacy = true,
            "--total-secs" => o.total_secs = (nums(&val())[0] as u64).min(3600),
            "--help" | "-h" => {
                print!("{HELP}");
                std::process::exit(0)
            }
            _ => die(&format!("unknown option {a}; see --help")),
        }
    }
    let base = base.unwrap_or_else(|| die("--base is required; see --help"));
    let rest = base
        .strip_prefix("http://")
        .unwrap_or_else(|| die("--base must start with http://"));
    let (hp, path) = rest
        .split_once('/')
        .map(|(a, b)| (a, format!("/{b}")))
        .unwrap_or((rest, String::new()));
    let (h, p) = hp.rsplit_once(':').unwrap_or((hp, "80"));
    if !(h == "localhost"
        || h == "[::1]"
        || h.parse::<std::net::Ipv4Addr>()
            .map(|a| a.is_loopback())
            .unwrap_or(false))
    {
        die("the host of --base must be a loopback address");
    }
    o.host = h.trim_matches(['[', ']']).to_string();
    if o.host == "localhost" {
        o.host = "127.0.0.1".into();
    }
    o.port = p.parse().unwrap_or_else(|_| die("bad port"));
    o.prefix = path.trim_end_matches('/').to_string();
    for c in o.conc.iter().chain(&o.cycle_conc).chain([&o.seed_conc]) {
        if *c == 0 || *c > 512 {
            die("concurrency must be 1 to 512");
        }
    }
    o
}
