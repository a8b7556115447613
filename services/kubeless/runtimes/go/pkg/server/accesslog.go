package server

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	flushEvery = 5 * time.Millisecond
	flushBytes = 64 << 10
	longField  = 2048
)

// accessLog writes one line to stdout per request, in the combined log format. Lines that end at the same time are
// written together.
type accessLog struct {
	mutex   sync.Mutex
	lines   []byte
	pending bool
}

// record a request that was answered with so many bytes.
func (l *accessLog) record(request *http.Request, status int, size int64) {
	client, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		client = "-"
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = fmt.Appendf(l.lines, "%s - - [%s] \"%s %s %s\" %d %d \"%s\" \"%s\"\n",
		client, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"),
		clean(request.Method), clean(request.URL.EscapedPath()), request.Proto, status, size,
		clean(request.Referer()), clean(request.UserAgent()))
	if len(l.lines) > flushBytes {
		l.write()
	} else if !l.pending {
		l.pending = true
		time.AfterFunc(flushEvery, l.flush)
	}
}

func (l *accessLog) flush() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.pending = false
	l.write()
}

func (l *accessLog) write() {
	os.Stdout.Write(l.lines)
	l.lines = l.lines[:0]
}

// clean escapes what a client sent, so that it can neither end the line nor forge another field.
func clean(text string) string {
	if text == "" {
		return "-"
	}
	if len(text) > longField {
		text = text[:longField]
	}
	if strings.IndexFunc(text, isUnsafe) < 0 {
		return text
	}
	var safe strings.Builder
	for _, char := range []byte(text) {
		if isUnsafe(rune(char)) {
			fmt.Fprintf(&safe, "\\x%02x", char)
		} else {
			safe.WriteByte(char)
		}
	}
	return safe.String()
}

func isUnsafe(char rune) bool {
	return char < 0x20 || char > 0x7e || char == '"' || char == '\\'
}
