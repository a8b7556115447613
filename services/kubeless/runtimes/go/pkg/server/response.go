package server

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// response stands between the function and the connection. After close, the function may go on writing: nothing of it
// arrives, and nothing of it collides with whatever the server writes.
type response struct {
	connection http.ResponseWriter
	header     http.Header // the function's own; a map must not be shared with a function that was left behind
	mutex      sync.Mutex
	started    atomic.Bool
	closed     bool
	torn       bool // the answer has begun, and cannot be finished
	status     int
	size       int64
}

func newResponse(connection http.ResponseWriter) *response {
	return &response{connection: connection, header: http.Header{}}
}

// Header is sent with the first byte.
func (r *response) Header() http.Header { return r.header }

// WriteHeader sends the status and the headers.
func (r *response) WriteHeader(status int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.start(status)
}

// Write sends a part of the answer.
func (r *response) Write(part []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		return 0, http.ErrHandlerTimeout
	}
	r.start(http.StatusOK)
	written, err := r.connection.Write(part)
	r.size += int64(written)
	return written, err
}

// Flush sends what was written so far.
func (r *response) Flush() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		return
	}
	r.start(http.StatusOK)
	if flusher, ok := r.connection.(http.Flusher); ok {
		flusher.Flush()
	}
}

func (r *response) start(status int) {
	if r.closed || r.started.Load() {
		return
	}
	for name, values := range r.header {
		r.connection.Header()[name] = values
	}
	r.connection.WriteHeader(status)
	r.status = status
	r.started.Store(status >= http.StatusOK) // 1xx is but an announcement
}

// close takes the connection from the function. It reports whether the answer is still to be written.
func (r *response) close() (untouched bool) {
	for !r.mutex.TryLock() {
		if r.started.Load() { // the function may be in the middle of writing to a client that does not read
			_ = http.NewResponseController(r.connection).SetWriteDeadline(time.Now())
		}
		time.Sleep(time.Millisecond)
	}
	defer r.mutex.Unlock()
	r.closed = true
	return !r.started.Load()
}

// answer in the server's own words, once the function cannot write any more.
func (r *response) answer(status int, text string) {
	r.connection.Header().Set("Content-Type", "text/plain; charset=utf-8")
	r.connection.WriteHeader(status)
	written, _ := r.connection.Write([]byte(text))
	r.status, r.size = status, int64(written)
}
