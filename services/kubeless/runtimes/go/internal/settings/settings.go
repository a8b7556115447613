// Package settings reads the configuration from the environment. A variable that is empty counts as not set.
package settings

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	megabyte = 1 << 20
	longest  = 366 * 24 * time.Hour
)

// Settings of the server and of the process that watches over it.
type Settings struct {
	Module, Handler      string
	Host                 string
	Port                 int
	Timeout              time.Duration // of one call
	LoadTimeout          time.Duration
	ShutdownTimeout      time.Duration
	TimeoutText          string // of one call, as it was written
	Runtime, MemoryLimit string
	MaxBody              int64 // bytes
}

// Read the environment. The error names variable, value and remedy.
func Read() (Settings, error) {
	reader := reader{}
	found := Settings{
		Module:          reader.text("MOD_NAME", "give the name of the function's file, without folder and without .go"),
		Handler:         reader.text("FUNC_HANDLER", "give the name of an exported function"),
		Host:            os.Getenv("FUNC_HOST"),
		Port:            int(reader.integer("FUNC_PORT", 8080, 65535)),
		Timeout:         reader.seconds("FUNC_TIMEOUT", "180"),
		LoadTimeout:     reader.seconds("FUNC_LOAD_TIMEOUT", "120"),
		ShutdownTimeout: reader.seconds("SHUTDOWN_TIMEOUT", "10"),
		TimeoutText:     value("FUNC_TIMEOUT", "180"),
		Runtime:         os.Getenv("FUNC_RUNTIME"),
		MemoryLimit:     os.Getenv("FUNC_MEMORY_LIMIT"),
		MaxBody:         reader.integer("REQ_MB_LIMIT", 100, 1024) * megabyte,
	}
	return found, reader.failure
}

// reader keeps the first thing that is wrong.
type reader struct{ failure error }

func (r *reader) fail(name, value, remedy string) {
	if r.failure == nil {
		r.failure = fmt.Errorf("%s=%.100q cannot be used: %s", name, value, remedy)
	}
}

func (r *reader) text(name, remedy string) string {
	found := os.Getenv(name)
	if found == "" || found == "." || found == ".." || strings.ContainsAny(found, "/\\") {
		r.fail(name, found, remedy)
	}
	return found
}

func (r *reader) integer(name string, otherwise, highest int64) int64 {
	text := value(name, strconv.FormatInt(otherwise, 10))
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 || number > highest {
		r.fail(name, text, fmt.Sprintf("give a whole number from 1 to %d", highest))
	}
	return number
}

func (r *reader) seconds(name, otherwise string) time.Duration {
	text := value(name, otherwise)
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number > 0 && number <= longest.Seconds()) {
		r.fail(name, text, "give a number of seconds above 0, such as 180 or 0.5")
	}
	return time.Duration(number * float64(time.Second))
}

func value(name, otherwise string) string {
	if found := os.Getenv(name); found != "" {
		return found
	}
	return otherwise
}
