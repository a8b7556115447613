// Package server calls a function for every HTTP request.
//
// The main program is generated when a function is compiled; all it does is to hand over the function's package.
package server

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/kubeless/kubeless/internal/settings"
	"github.com/kubeless/kubeless/pkg/functions"
)

const (
	patience      = 2 * time.Second  // for a call to heed that nobody waits for it
	idle          = 75 * time.Second // longer than a client keeps an idle connection, so that the client closes first
	slowHeaders   = 60 * time.Second
	mostDiscarded = 64 << 20 // bytes
)

type server struct {
	settings settings.Settings
	handler  handler
	context  functions.Context
	metrics  metrics
	log      accessLog
	worker   *worker
}

// Main serves one of the exported functions, by name, until it is told to stop. It does not return.
func Main(exported map[string]any) {
	log.SetFlags(0)
	found, err := settings.Read()
	if err != nil {
		log.Fatal(err)
	}
	chosen, err := choose(exported, found)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{settings: found, handler: chosen, context: functions.Context{
		FunctionName: found.Handler, Timeout: found.TimeoutText, Runtime: found.Runtime, MemoryLimit: found.MemoryLimit,
	}}
	if s.worker, err = newWorker(found); err != nil {
		log.Fatal(err)
	}
	code := s.worker.serve(&http.Server{Handler: s, ReadHeaderTimeout: slowHeaders, IdleTimeout: idle})
	s.log.flush()
	os.Exit(code)
}

func choose(exported map[string]any, found settings.Settings) (handler, error) {
	symbol, there := exported[found.Handler]
	if !there {
		names := make([]string, 0, len(exported))
		for name := range exported {
			names = append(names, name)
		}
		sort.Strings(names)
		return nil, fmt.Errorf("%s.go has no exported function %s; there is %s", found.Module, found.Handler, orNone(names))
	}
	function, fits := symbol.(handler)
	if !fits {
		const wanted = "func(event functions.Event, context functions.Context) (string, error)"
		return nil, fmt.Errorf("%s cannot be called: it is a %T and must be a %s", found.Handler, symbol, wanted)
	}
	return function, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (s *server) ServeHTTP(connection http.ResponseWriter, request *http.Request) {
	answer := newResponse(connection)
	connection.Header().Set("Access-Control-Allow-Origin", "*")
	s.route(answer, request)
	s.log.record(request, answer.status, answer.size)
	if answer.torn {
		panic(http.ErrAbortHandler) // the client must not take half of an answer for a whole one
	}
}

func (s *server) route(answer *response, request *http.Request) {
	switch {
	case request.Method == http.MethodGet && request.URL.Path == "/healthz":
		answer.answer(http.StatusOK, "OK")
	case request.Method == http.MethodGet && request.URL.Path == "/metrics":
		answer.Header().Set("Content-Type", metricsType)
		_, _ = answer.Write(s.metrics.page())
	case request.Method == http.MethodOptions:
		preflight(answer, request)
	default:
		body, err := s.read(answer, request)
		if err == nil {
			s.call(answer, request, body)
		}
	}
}

// preflight answers for the function, as in the original: every origin may call it.
func preflight(answer *response, request *http.Request) {
	for asked, granted := range map[string]string{
		"Access-Control-Request-Method":  "Access-Control-Allow-Methods",
		"Access-Control-Request-Headers": "Access-Control-Allow-Headers",
	} {
		if value := request.Header.Get(asked); value != "" {
			answer.Header().Set(granted, value)
		}
	}
	answer.WriteHeader(http.StatusOK)
}

var errTooLarge = errors.New("the body is too large")

// read the body. When that fails, it is answered already.
func (s *server) read(answer *response, request *http.Request) ([]byte, error) {
	limit := s.settings.MaxBody
	body, err := io.ReadAll(io.LimitReader(request.Body, limit+1))
	if err != nil {
		answer.answer(http.StatusBadRequest, "the body is incomplete\n")
		return nil, err
	}
	if int64(len(body)) > limit {
		// A client that still sends may not listen, or lose the answer.
		_, _ = io.CopyN(io.Discard, request.Body, mostDiscarded)
		answer.answer(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes\n", limit))
		return nil, errTooLarge
	}
	return body, nil
}
