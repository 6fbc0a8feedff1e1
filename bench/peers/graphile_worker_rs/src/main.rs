//! Loads graphile_worker, the one in Rust, as bench/peers/__init__.py asks; prints one JSON object.
//!
//! Settings: its "throughput-oriented worker": local queues, completions batched for a millisecond.
//! The sizes are the fastest found on two cores; each is an option. An idle local queue fetches
//! without a pause: the wait of one job is halved, for the price of a core.
//! PostgreSQL is found by PGHOST, PGUSER and PGDATABASE.

mod load;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};

use graphile_worker::{JobSpec, WorkerUtils};
use serde_json::{json, Value};
use tokio::time::{sleep, sleep_until};

use load::{
    batch, nanos, percentile, rate, run, stop, unfinished, worker, Bench, Fallible, Options, RAN,
    SERVED, TIMED, WAITS,
};

const UNSERVED: &str = "unserved";
const BATCH: i64 = 500;
const CALLS_IN_FLIGHT: usize = 2;
const LOCAL_QUEUES: i64 = 2;

async fn preload(options: &Options) -> Fallible<Value> {
    let jobs = options.number("--jobs", 200_000) as usize;
    let task = options.word("--task", SERVED).to_string();
    let size = options.number("--batch", 1_000) as usize;
    let worker = worker(options, 4, 0).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut calling = Vec::new();
    for _ in 0..CALLS_IN_FLIGHT {
        let (utils, next, task) = (worker.create_utils(), next.clone(), task.clone());
        calling.push(tokio::spawn(async move {
            loop {
                let first = next.fetch_add(size, Relaxed);
                if first >= jobs {
                    return Fallible::Ok(());
                }
                let jobs = batch(&task, first, size.min(jobs - first));
                utils.add_raw_jobs(&jobs).await?;
            }
        }));
    }
    for caller in calling {
        caller.await??;
    }
    Ok(rate(jobs as i64, began))
}

async fn drain(options: &Options) -> Fallible<Value> {
    let jobs = options.number("--jobs", 200_000);
    let worker = worker(options, 20, LOCAL_QUEUES).await?;
    let began = Instant::now();
    let running = run(&worker);
    while RAN.load(Relaxed) < jobs || unfinished(&worker).await? > 0 {
        if running.is_finished() {
            running.await??;
            return Err("the worker ended early".into());
        }
        sleep(Duration::from_millis(5)).await;
    }
    let result = rate(jobs, began);
    stop(&worker, running).await?;
    Ok(result)
}

/// The jobs of the calls that have begun and of those that are done.
#[derive(Default)]
struct Called {
    begun: AtomicI64,
    done: AtomicI64,
}

async fn produce(utils: WorkerUtils, most: i64, called: Arc<Called>) -> Fallible<()> {
    let jobs = batch(SERVED, 0, BATCH as usize);
    loop {
        if called.begun.fetch_add(BATCH, Relaxed) + BATCH - RAN.load(Relaxed) > most {
            called.begun.fetch_sub(BATCH, Relaxed);
            sleep(Duration::from_millis(1)).await;
            continue;
        }
        utils.add_raw_jobs(&jobs).await?;
        called.done.fetch_add(BATCH, Relaxed);
    }
}

async fn full_cycle(options: &Options) -> Fallible<Value> {
    let tenth = Duration::from_millis(options.number("--seconds", 20) as u64 * 100);
    // Handlers run ahead of their records by less than this: what the batcher can hold.
    let most = options.number("--most-waiting", 20_000) - 4_096;
    let worker = worker(options, 20, LOCAL_QUEUES).await?;
    let before = unfinished(&worker).await?;
    let called = Arc::new(Called::default());
    let running = run(&worker);
    let producing: Vec<_> = (0..CALLS_IN_FLIGHT)
        .map(|_| tokio::spawn(produce(worker.create_utils(), most, called.clone())))
        .collect();
    let began = Instant::now();
    let (mut last, mut at, mut tenths) = (0, began, Vec::new());
    for number in 1..=10 {
        sleep_until((began + tenth * number).into()).await;
        let known = called.done.load(Relaxed);
        let recorded = known + before - unfinished(&worker).await?;
        tenths.push((recorded - last) as f64 / at.elapsed().as_secs_f64());
        (last, at) = (recorded, Instant::now());
        if running.is_finished() || producing.iter().any(|producer| producer.is_finished()) {
            return Err("a producer or the worker ended early".into());
        }
    }
    let mut result = rate(last, began);
    result["per_tenth"] = json!(tenths);
    producing.iter().for_each(|producer| producer.abort());
    stop(&worker, running).await?;
    Ok(result)
}

async fn add_single(options: &Options) -> Fallible<Value> {
    let callers = options.number("--callers", 50);
    let until = Duration::from_secs(options.number("--seconds", 20) as u64);
    let worker = worker(options, callers as u32, 0).await?;
    let began = Instant::now();
    let mut calling = Vec::new();
    for _ in 0..callers {
        let utils = worker.create_utils();
        calling.push(tokio::spawn(async move {
            let mut waits = Vec::new();
            while began.elapsed() < until {
                let from = Instant::now();
                utils
                    .add_raw_job(UNSERVED, json!({ "id": 1 }), JobSpec::default())
                    .await?;
                waits.push(from.elapsed().as_secs_f64() * 1e3);
            }
            Fallible::Ok(waits)
        }));
    }
    let mut waits = Vec::new();
    for caller in calling {
        waits.extend(caller.await??);
    }
    let mut result = rate(waits.len() as i64, began);
    result["median_ms"] = json!(percentile(&mut waits, 0.5));
    result["p99_ms"] = json!(percentile(&mut waits, 0.99));
    Ok(result)
}

async fn latency(options: &Options) -> Fallible<Value> {
    let rate = options.number("--rate", 20) as u32;
    let jobs = rate * options.number("--seconds", 20) as u32;
    let worker = worker(options, 20, 1).await?;
    let running = run(&worker);
    TIMED.store(true, Relaxed);
    // The first calls open connections and prepare statements; they are not counted.
    for _ in 0..rate {
        worker
            .create_utils()
            .add_raw_job(SERVED, Bench { id: 0 }, JobSpec::default())
            .await?;
    }
    let began = Instant::now() + Duration::from_secs(1);
    let mut calling = Vec::new();
    for number in 0..jobs {
        sleep_until((began + Duration::from_secs(1) * number / rate).into()).await;
        let utils = worker.create_utils();
        calling.push(tokio::spawn(async move {
            utils
                .add_raw_job(SERVED, Bench { id: nanos() }, JobSpec::default())
                .await
        }));
    }
    for caller in calling {
        caller.await??;
    }
    sleep(Duration::from_secs(1)).await;
    stop(&worker, running).await?;
    let mut waits = WAITS.lock().unwrap().take().unwrap_or_default();
    if waits.len() < jobs as usize {
        return Err(format!("{} of {jobs} jobs have started", waits.len()).into());
    }
    Ok(
        json!({ "jobs": waits.len(), "median_ms": percentile(&mut waits, 0.5),
               "p99_ms": percentile(&mut waits, 0.99) }),
    )
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::new(words.get(1..).unwrap_or_default());
    let result = match words.first().map_or("", String::as_str) {
        "prepare" => worker(&options, 2, 0).await.map(|_| json!({}))?,
        "preload" => preload(&options).await?,
        "drain" => drain(&options).await?,
        "full-cycle" => full_cycle(&options).await?,
        "add-single" => add_single(&options).await?,
        "latency" => latency(&options).await?,
        other => return Err(format!("there is no mode {other}").into()),
    };
    println!("{result}");
    Ok(())
}
