package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	batchSize     = 500
	callsInFlight = 2

	drainWorkers        = 2000
	cycleWorkers        = 500
	executorConnections = 4
)

var (
	flags       = flag.NewFlagSet("river", flag.ExitOnError)
	jobs        = flags.Int("jobs", 200000, "how many")
	task        = flags.String("task", "bench", "bench, or unserved")
	seconds     = flags.Int("seconds", 20, "how long")
	mostWaiting = flags.Int64("most-waiting", 20000, "jobs added and not completed")
	callers     = flags.Int("callers", 50, "concurrent ones")
	rate        = flags.Int("rate", 20, "jobs a second")
	bulk        = flags.Int("bulk", 10000, "jobs in a call of preload")
	_           = flags.Int("processes", 1, "one process uses every core")

	clock  = time.Now()
	ran    atomic.Int64
	timed  bool
	mu     sync.Mutex
	waits  []float64
	result = map[string]any{}
)

type benchArgs struct {
	ID int64 `json:"id"`
}

func (benchArgs) Kind() string { return "bench" }

type benchWorker struct {
	river.WorkerDefaults[benchArgs]
}

func (benchWorker) Work(_ context.Context, job *river.Job[benchArgs]) error {
	if timed && job.Args.ID > 0 {
		wait := float64(time.Since(clock).Nanoseconds()-job.Args.ID) / 1e6
		mu.Lock()
		waits = append(waits, wait)
		mu.Unlock()
	}
	ran.Add(1)
	return nil
}

// load is a client and its connections.
type load struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// open connects what runs at most `workers` jobs at once, or only adds jobs if that is 0.
func open(ctx context.Context, workers, connections int) (*load, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	settings := &river.Config{Logger: slog.New(slog.NewTextHandler(os.Stderr,
		&slog.HandlerOptions{Level: slog.LevelError}))}
	if workers > 0 {
		settings.Workers = river.NewWorkers()
		river.AddWorker(settings.Workers, &benchWorker{})
		settings.Queues = map[string]river.QueueConfig{"default": {MaxWorkers: workers}}
		settings.FetchCooldown = time.Millisecond
		settings.FetchPollInterval = 50 * time.Millisecond
		settings.JobTimeout = -1
	}
	client, err := river.NewClient(riverpgxv5.New(pool), settings)
	return &load{pool, client}, err
}

// insertOptions puts what nobody serves into a queue that nobody fetches.
func insertOptions(name string) *river.InsertOpts {
	if name == "bench" {
		return nil
	}
	return &river.InsertOpts{Queue: name}
}

func (l *load) addMany(ctx context.Context, first, count int, options *river.InsertOpts) error {
	batch := make([]river.InsertManyParams, count)
	for i := range batch {
		batch[i] = river.InsertManyParams{Args: benchArgs{int64(first + i)}, InsertOpts: options}
	}
	_, err := l.client.InsertManyFast(ctx, batch)
	return err
}

// unfinished counts what is added to the served queue and not recorded as completed.
func (l *load) unfinished(ctx context.Context) (count int64, err error) {
	err = l.pool.QueryRow(ctx, `select count(*) from river_job
		where queue = 'default' and state in ('available', 'running', 'retryable')`).Scan(&count)
	return count, err
}

func measured(count int64, began time.Time) {
	took := time.Since(began).Seconds()
	result["jobs"], result["seconds"], result["jobs_per_second"] = count, took, float64(count)/took
}

func measuredWaits() {
	sort.Float64s(waits)
	at := func(share float64) float64 {
		return waits[min(len(waits)-1, int(share*float64(len(waits))))]
	}
	if len(waits) > 0 {
		result["median_ms"], result["p99_ms"] = at(0.5), at(0.99)
	}
}
