// Loads River as bench/peers/__init__.py asks; prints one JSON object.
//
// Settings: inserts by InsertManyFast (COPY), 2,000 workers in one process as in River's own
// benchmark, the shortest pause between fetches, no timer per job; completions are batched by
// default. Fewer connections, and fewer workers beside a producer, are faster on two cores.
// PostgreSQL is found by PGHOST, PGUSER and PGDATABASE.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

func prepare(ctx context.Context) error {
	l, err := open(ctx, 0, 2)
	if err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(l.pool), nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func preload(ctx context.Context) error {
	l, err := open(ctx, 0, 4)
	if err != nil {
		return err
	}
	began := time.Now()
	var next atomic.Int64
	failed := make(chan error, callsInFlight)
	for range callsInFlight {
		go func() {
			var err error
			for err == nil {
				first := int(next.Add(int64(*bulk))) - *bulk
				if first >= *jobs {
					break
				}
				err = l.addMany(ctx, first, min(*bulk, *jobs-first), insertOptions(*task))
			}
			failed <- err
		}()
	}
	for range callsInFlight {
		err = errors.Join(err, <-failed)
	}
	measured(int64(*jobs), began)
	return err
}

func drain(ctx context.Context) error {
	l, err := open(ctx, drainWorkers, executorConnections)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := l.client.Start(ctx); err != nil {
		return err
	}
	for left := int64(1); left > 0; {
		time.Sleep(5 * time.Millisecond)
		if ran.Load() < int64(*jobs) {
			continue
		}
		if left, err = l.unfinished(ctx); err != nil {
			return err
		}
	}
	measured(int64(*jobs), began)
	return l.client.Stop(ctx)
}

// calls counts the jobs of the calls that have begun and of those that are done.
type calls struct{ begun, done atomic.Int64 }

func (l *load) produce(ctx context.Context, called *calls) error {
	for ctx.Err() == nil {
		// Handlers run ahead of their records by what the completer holds: 5,000 are spared.
		if called.begun.Add(batchSize)-ran.Load() > *mostWaiting-5000 {
			called.begun.Add(-batchSize)
			time.Sleep(200 * time.Microsecond)
			continue
		}
		if err := l.addMany(context.WithoutCancel(ctx), 0, batchSize, nil); err != nil {
			return err
		}
		called.done.Add(batchSize)
	}
	return nil
}

func fullCycle(ctx context.Context) error {
	l, err := open(ctx, cycleWorkers, executorConnections)
	if err != nil {
		return err
	}
	before, err := l.unfinished(ctx)
	if err != nil {
		return err
	}
	if err := l.client.Start(ctx); err != nil {
		return err
	}
	var called calls
	producing, halt := context.WithCancel(ctx)
	defer halt()
	failed := make(chan error, callsInFlight)
	for range callsInFlight {
		go func() { failed <- l.produce(producing, &called) }()
	}
	began := time.Now()
	last, at, tenths := int64(0), began, []float64{}
	for tenth := 1; tenth <= 10; tenth++ {
		time.Sleep(time.Until(began.Add(time.Duration(tenth**seconds) * 100 * time.Millisecond)))
		known := called.done.Load()
		left, err := l.unfinished(ctx)
		if err != nil {
			return err
		}
		recorded := known + before - left
		tenths = append(tenths, float64(recorded-last)/time.Since(at).Seconds())
		last, at = recorded, time.Now()
	}
	measured(last, began)
	result["per_tenth"] = tenths
	halt()
	for range callsInFlight {
		err = errors.Join(err, <-failed)
	}
	return errors.Join(err, l.client.Stop(ctx))
}

func addSingle(ctx context.Context) error {
	l, err := open(ctx, 0, *callers)
	if err != nil {
		return err
	}
	began := time.Now()
	until := began.Add(time.Duration(*seconds) * time.Second)
	failed := make(chan error, *callers)
	for range *callers {
		go func() {
			var own []float64
			var err error
			for err == nil && time.Now().Before(until) {
				from := time.Now()
				_, err = l.client.Insert(ctx, benchArgs{1}, insertOptions("unserved"))
				own = append(own, time.Since(from).Seconds()*1e3)
			}
			mu.Lock()
			waits = append(waits, own...)
			mu.Unlock()
			failed <- err
		}()
	}
	for range *callers {
		err = errors.Join(err, <-failed)
	}
	measured(int64(len(waits)), began)
	measuredWaits()
	return err
}

func latency(ctx context.Context) error {
	timed = true
	l, err := open(ctx, drainWorkers, executorConnections)
	if err != nil {
		return err
	}
	if err := l.client.Start(ctx); err != nil {
		return err
	}
	// The first calls open connections and prepare statements; they are not counted.
	for range *rate {
		if _, err := l.client.Insert(ctx, benchArgs{}, nil); err != nil {
			return err
		}
	}
	began := time.Now().Add(time.Second)
	total := *rate * *seconds
	failed := make(chan error, total)
	for i := range total {
		time.Sleep(time.Until(began.Add(time.Second * time.Duration(i) / time.Duration(*rate))))
		go func() {
			_, err := l.client.Insert(ctx, benchArgs{time.Since(clock).Nanoseconds()}, nil)
			failed <- err
		}()
	}
	for range total {
		err = errors.Join(err, <-failed)
	}
	time.Sleep(time.Second)
	err = errors.Join(err, l.client.Stop(ctx))
	if len(waits) < total {
		err = errors.Join(err, fmt.Errorf("%d of %d jobs have started", len(waits), total))
	}
	result["jobs"] = len(waits)
	measuredWaits()
	return err
}

func main() {
	modes := map[string]func(context.Context) error{"prepare": prepare, "preload": preload,
		"drain": drain, "full-cycle": fullCycle, "add-single": addSingle, "latency": latency}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "river: the first argument is a mode")
		os.Exit(2)
	}
	_ = flags.Parse(os.Args[2:])
	if err := modes[os.Args[1]](context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}
