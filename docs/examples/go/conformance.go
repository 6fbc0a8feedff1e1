package main

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"time"
)

// What the conformance kit wants of a program, where it runs this one.
func init() {
	running, err := strconv.Atoi(os.Getenv("CONFORMANCE_CONCURRENCY"))
	if err != nil {
		return
	}
	name, concurrency = "conformance", running
	handlers["complete"] = func(string) error { return nil }
	handlers["echo"] = func(payload string) error { return errors.New(payload) }
	handlers["fail"] = func(payload string) error { return errors.New(field(payload, "error")) }
	handlers["wait"] = func(payload string) error {
		os.WriteFile(field(payload, "started"), nil, 0o600)
		for {
			if _, err := os.Stat(field(payload, "until")); err == nil {
				return nil
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func field(payload, name string) string {
	fields := map[string]string{}
	json.Unmarshal([]byte(payload), &fields)
	return fields[name]
}
