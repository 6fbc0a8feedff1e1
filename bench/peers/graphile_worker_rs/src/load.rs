//! The queue as the loads see it.

use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, Worker,
    WorkerContext,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use tokio::task::JoinHandle;

pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub const SERVED: &str = "bench";

pub static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);
pub static RAN: AtomicI64 = AtomicI64::new(0);
/// Waits in milliseconds, kept when payloads are times.
pub static WAITS: Mutex<Option<Vec<f64>>> = Mutex::new(None);
pub static TIMED: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Deserialize, Serialize)]
pub struct Bench {
    pub id: i64,
}

impl TaskHandler for Bench {
    const IDENTIFIER: &'static str = SERVED;

    async fn run(self, _ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        if self.id > 0 && TIMED.load(Relaxed) {
            let wait = (nanos() - self.id) as f64 / 1e6;
            WAITS.lock().unwrap().get_or_insert_default().push(wait);
        }
        RAN.fetch_add(1, Relaxed);
        Ok::<(), String>(())
    }
}

pub fn nanos() -> i64 {
    CLOCK.elapsed().as_nanos() as i64
}

pub struct Options(HashMap<String, String>);

impl Options {
    /// Reads `--name number` pairs, and `--name word` for what is not a number.
    pub fn new(words: &[String]) -> Self {
        Self(
            words
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair[1..].concat()))
                .collect(),
        )
    }

    pub fn word<'a>(&'a self, name: &str, fallback: &'a str) -> &'a str {
        self.0.get(name).map_or(fallback, String::as_str)
    }

    pub fn number(&self, name: &str, fallback: i64) -> i64 {
        let text = self.0.get(name);
        text.map_or(fallback, |text| {
            text.parse().unwrap_or_else(|_| panic!("{name} {text}?"))
        })
    }
}

/// A worker that does not run yet; it also adds jobs. Without local queues it fetches each job.
pub async fn worker(options: &Options, connections: u32, queues: i64) -> Fallible<Arc<Worker>> {
    let delay = options.number("--delay-ms", 1) as u64;
    let mut settings = Worker::options()
        .database_url("postgres:///")
        .max_pg_conn(connections)
        .concurrency(options.number("--concurrency", 24) as usize)
        .poll_interval(Duration::from_millis(100))
        .complete_job_batch_delay(Duration::from_millis(delay))
        .define_job::<Bench>();
    let queues = options.number("--local-queues", queues) as usize;
    if queues > 0 {
        let size = options.number("--local-queue", 1_000) as usize;
        let local = LocalQueueConfig::default();
        settings = settings.local_queue(local.with_size(size).with_queue_count(queues));
    }
    Ok(Arc::new(settings.init().await?))
}

pub fn run(worker: &Arc<Worker>) -> JoinHandle<Fallible<()>> {
    let worker = worker.clone();
    tokio::spawn(async move { Ok(worker.run().await?) })
}

pub async fn stop(worker: &Worker, running: JoinHandle<Fallible<()>>) -> Fallible<()> {
    worker.request_shutdown();
    running.await?
}

pub fn batch(task: &str, first: usize, count: usize) -> Vec<RawJobSpec> {
    let job = |id| RawJobSpec {
        identifier: task.to_string(),
        payload: json!({ "id": id }),
        spec: JobSpec::default(),
    };
    (first..first + count).map(job).collect()
}

/// What is added and not recorded as completed: completion deletes the row.
pub async fn unfinished(worker: &Worker) -> Fallible<i64> {
    let sql = "select count(*) from graphile_worker._private_jobs";
    Ok(sqlx::query_scalar(sql).fetch_one(worker.pg_pool()).await?)
}

pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64) as usize;
    values
        .get(at.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

pub fn rate(jobs: i64, began: Instant) -> Value {
    let seconds = began.elapsed().as_secs_f64();
    json!({ "jobs": jobs, "seconds": seconds, "jobs_per_second": jobs as f64 / seconds })
}
