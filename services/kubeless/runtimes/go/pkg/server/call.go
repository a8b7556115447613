package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kubeless/kubeless/pkg/functions"
)

const statusClientLeft = 499 // for the log only, as in nginx

// handler is the function.
type handler = func(functions.Event, functions.Context) (string, error)

var errUnfinished = errors.New("the function ended its goroutine without an answer")

// outcome of a call.
type outcome struct {
	text string
	err  error
}

// call the function and answer, within the time that a call may take.
func (s *server) call(answer *response, request *http.Request, body []byte) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(request.Context(), s.settings.Timeout)
	defer cancel()
	done := s.begin(newEvent(answer, request.WithContext(ctx), body))
	var result outcome
	select {
	case result = <-done:
	case <-ctx.Done():
		result.err = ctx.Err()
		go s.watch(done)
	}
	failed := !s.finish(answer, result)
	s.metrics.record(request.Method, time.Since(began), failed)
}

// begin the call in a goroutine of its own, which may outlive the answer.
func (s *server) begin(event functions.Event) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		result := outcome{err: errUnfinished}
		defer func() {
			if failure := recover(); failure != nil {
				result = outcome{err: fmt.Errorf("panic: %v\n%s", failure, debug.Stack())}
			}
			done <- result
		}()
		text, err := s.handler(event, s.context)
		result = outcome{text, err}
	}()
	return done
}

// finish the answer. It reports whether the function succeeded.
func (s *server) finish(answer *response, result outcome) bool {
	if result.err == nil {
		if result.text != "" {
			_, _ = io.WriteString(answer, result.text)
		}
		answer.WriteHeader(http.StatusOK)
		return true
	}
	status, text := http.StatusInternalServerError, "Internal Server Error\n"
	switch {
	case errors.Is(result.err, context.DeadlineExceeded):
		log.Printf("%s.%s did not answer within %s s", s.settings.Module, s.settings.Handler, s.settings.TimeoutText)
		status, text = http.StatusRequestTimeout, "Timeout exceeded\n"
	case errors.Is(result.err, context.Canceled):
		status, text = statusClientLeft, ""
	default:
		log.Printf("Function failed to execute: %v", result.err)
	}
	if answer.close() {
		answer.answer(status, text)
	} else {
		answer.torn = true
	}
	return false
}

// watch a call that nobody waits for. Go cannot end a goroutine, so one that does not heed the end of its context is
// got rid of with its process: another takes its place first.
func (s *server) watch(done <-chan outcome) {
	select {
	case <-done:
	case <-time.After(patience):
		s.worker.askForSuccessor()
	}
}

func newEvent(answer *response, request *http.Request, body []byte) functions.Event {
	request.Body = io.NopCloser(bytes.NewReader(body))
	return functions.Event{
		Data:           string(body),
		EventID:        request.Header.Get("event-id"),
		EventType:      request.Header.Get("event-type"),
		EventTime:      request.Header.Get("event-time"),
		EventNamespace: request.Header.Get("event-namespace"),
		Extensions: functions.Extension{
			Request:    request,
			Response:   answer,
			Context:    request.Context(),
			CloudEvent: cloudEvent(request.Header),
		},
	}
}

func cloudEvent(header http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range header {
		if strings.HasPrefix(name, "Ce-") && len(values) > 0 {
			found[strings.ToLower(name)] = values[0]
		}
	}
	return found
}
