//! One running service and what a test says to it.

mod sending;

use std::sync::Arc;

use serde_json::Value;
use subledger::app::{Acceptance, App, AppError, Running};
use subledger::clock::FixedClock;
use subledger::config::Config;
use subledger::domain::state::CustomerNotes;
use subledger::domain::time::Timestamp;
use subledger::http::StreamLimits;
use subledger::ledger::{Keepsake, Ledger, Refold};
use tempfile::TempDir;

pub use self::sending::{hmac_hex, sample, samples, seconds};
use crate::contract::contract;

pub const RAZORPAY_SECRET: &str = "razorpay-test-secret";
pub const STYKITE_SECRET: &str = "stykite-test-secret";
pub const KELVIQ_SECRET: &str = "kq_whsec_test-secret";
pub const STANDARD_SECRET: &str = "whsec_c3VibGVkZ2VyIHRlc3Qgc2VjcmV0";
pub const KEY: &str = "sl_test_admin_key";
/// Between the samples' payments and the end of what they paid for.
pub const NOW: &str = "2026-11-26T00:00:00Z";

pub struct World {
    running: Option<Running>,
    pub config: Config,
    pub clock: Arc<FixedClock>,
    pub base: String,
    agent: ureq::Agent,
    folder: Arc<TempDir>,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn word(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    pub fn seq(&self) -> u64 {
        self.json()["seq"]
            .as_u64()
            .unwrap_or_else(|| panic!("no seq: {}", self.text))
    }
}

const CONFIG: &str = r#"
[server]
bind = "127.0.0.1:0"
[sources.razorpay]
provider = "razorpay"
secrets = [{ secret = "razorpay-test-secret" }]
[sources.stykite]
provider = "stykite"
secrets = [{ secret = "stykite-test-secret" }]
[sources.stykite-token]
provider = "stykite"
scheme = "token"
secrets = [{ secret = "stykite-test-secret" }]
[sources.kelviq]
provider = "kelviq"
secrets = [{ secret = "kq_whsec_test-secret" }]
[sources.standard-webhooks]
provider = "standard-webhooks"
secrets = [{ secret = "whsec_c3VibGVkZ2VyIHRlc3Qgc2VjcmV0" }]
[sources.off]
provider = "razorpay"
secrets = [{ secret = "env:NEVER_SET_ANYWHERE" }]
"#;

impl World {
    /// A ledger in memory.
    pub fn new() -> Self {
        Self::with("[log]\nengine = \"memory\"\n")
    }

    /// A ledger on sled, in a folder of its own.
    pub fn on_disk() -> Self {
        Self::with("")
    }

    /// The usual sources and `more`.
    pub fn with(more: &str) -> Self {
        Self::from_text(&format!("{CONFIG}{more}")).expect("the world starts")
    }

    /// A ledger on sled whose readers may cost so much.
    pub fn following(limits: StreamLimits) -> Self {
        Self::from_text_with(CONFIG, limits).expect("the world starts")
    }

    pub fn from_text(text: &str) -> Result<Self, AppError> {
        Self::from_text_with(text, StreamLimits::default())
    }

    fn from_text_with(text: &str, limits: StreamLimits) -> Result<Self, AppError> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let clock = Arc::new(FixedClock::new(Timestamp::parse(NOW).unwrap()));
        let mut config = Config::parse("test.toml", text, std::iter::empty()).unwrap();
        config.data_dir = folder.path().join("data");
        Self::start(config, clock, folder, Acceptance::default(), limits)
    }

    fn start(
        config: Config,
        clock: Arc<FixedClock>,
        folder: Arc<TempDir>,
        accept: Acceptance,
        limits: StreamLimits,
    ) -> Result<Self, AppError> {
        let env = |name: &str| (name == subledger::app::ADMIN_KEY_VARIABLE).then(|| KEY.to_owned());
        let mut app = App::open(&config, accept, Arc::clone(&clock) as _, &env)?;
        app.stream_limits = limits;
        let running = app.spawn()?;
        let base = format!("http://{}", running.address());
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .build();
        let agent = agent.into();
        Ok(Self {
            running: Some(running),
            config,
            clock,
            base,
            agent,
            folder,
        })
    }

    /// Stops it and starts it again on the same folder, with another configuration.
    pub fn restart_with(self, change: impl FnOnce(&mut Config)) -> Result<Self, AppError> {
        self.restart_accepting(Acceptance::default(), change)
    }

    pub fn restart_accepting(
        mut self,
        accept: Acceptance,
        change: impl FnOnce(&mut Config),
    ) -> Result<Self, AppError> {
        self.end();
        let mut config = self.config.clone();
        change(&mut config);
        Self::start(
            config,
            Arc::clone(&self.clock),
            Arc::clone(&self.folder),
            accept,
            StreamLimits::default(),
        )
    }

    pub fn restart(self) -> Self {
        self.restart_with(|_| {}).expect("it starts again")
    }

    pub fn set_time(&self, text: &str) {
        self.clock.set(Timestamp::parse(text).unwrap());
    }

    pub fn ledger(&self) -> &Arc<Ledger> {
        self.running.as_ref().expect("it runs").ledger()
    }

    // ---- requests -------------------------------------------------------------------------

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.checked("POST", path, answer(request.send(body).unwrap()))
    }

    /// Any request, with a key or without.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent = &self.agent;
        let answered = if body.is_empty() && method != "POST" {
            agent.run(request.body(()).unwrap())
        } else {
            let request = request.body(body).unwrap();
            let request = agent
                .configure_request(request)
                .allow_non_standard_methods(true);
            agent.run(request.build())
        };
        self.checked(method, path, answer(answered.unwrap()))
    }

    /// The answer, once it is what the OpenAPI document says.
    fn checked(&self, method: &str, path: &str, given: Answer) -> Answer {
        let document = || {
            let url = format!("{}/openapi.json", self.base);
            answer(self.agent.get(url).call().unwrap()).json()
        };
        let complaint = contract(document).complaint(method, path, &given);
        assert_eq!(complaint, None, "{method} {path}: {}", given.text);
        given
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[("Authorization", &format!("Bearer {KEY}"))])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.checked("GET", path, answer(request.call().unwrap()))
    }

    /// What a 200 holds.
    pub fn read(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Bytes on a socket, for what no client library would send.
    pub fn raw(&self, request: &[u8]) -> String {
        use std::io::{Read, Write};
        let address = self.base.trim_start_matches("http://");
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket
            .set_read_timeout(Some(std::time::Duration::from_secs(20)))
            .unwrap();
        // The service may answer and close before it has read everything.
        let _ = socket.write_all(request);
        let mut text = Vec::new();
        let _ = socket.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    // ---- the end --------------------------------------------------------------------------

    /// The live state equals a full replay, whatever the test did.
    fn end(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        let ledger = Arc::clone(running.ledger());
        // Before that the sandbox may still deliver.
        running.stop().unwrap();
        let live = ledger.keepsake();
        let replayed = ledger
            .replay(&Refold::default(), CustomerNotes::new())
            .unwrap();
        let differences = live.differences(&Keepsake::of(&replayed));
        assert!(
            differences.is_empty(),
            "live and replay differ: {differences:?}"
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(running) = self.running.take() {
                let _ = running.stop();
            }
        } else {
            self.end();
        }
    }
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let text = response.into_body().read_to_string().unwrap();
    Answer {
        status,
        headers,
        text,
    }
}
